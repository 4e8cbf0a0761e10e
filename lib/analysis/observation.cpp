#include "analysis/observation.hpp"

#include <algorithm>
#include <cmath>

namespace attn::analysis {
namespace {

constexpr double kMask = -1e4;

double distance(double a, double b) {
    const bool a_masked = a <= kMask, b_masked = b <= kMask;
    if (a_masked || b_masked) return a_masked == b_masked ? 0 : kNoMatch;
    const double difference = std::abs(a - b);
    if (!std::isnan(difference)) return difference;
    return std::isnan(a) && std::isnan(b) ? 0 : kNoMatch;
}

// Calls action(first cell, cells) for each row.
template <class Action>
void for_rows(const Array<double>& values, const Action& action) {
    const std::size_t width = values.shape().back();
    for (std::size_t first = 0; first < values.size(); first += width) action(first, width);
}

bool is_nan(const Array<double>& values, std::size_t first, std::size_t count) {
    const double* const cells = values.data() + first;
    return std::all_of(cells, cells + count, [](double value) { return std::isnan(value); });
}

bool is_zero(const Array<double>& values, std::size_t first, std::size_t count) {
    const double* const cells = values.data() + first;
    return std::all_of(cells, cells + count, [](double value) { return value == 0; });
}

}  // namespace

Array<double> without_nan_rows(const Array<double>& values) {
    std::vector<double> cells(values.data(), values.data() + values.size());
    for_rows(values, [&](std::size_t first, std::size_t width) {
        if (is_nan(values, first, width)) std::fill_n(cells.data() + first, width, 0.0);
    });
    return {values.shape(), std::move(cells)};
}

double residual(const Array<double>& expected, const Array<double>& observed, double unit) {
    if (expected.shape() != observed.shape()) return kNoMatch;
    double worst = 0;
    for (std::size_t i = 0; i < expected.size(); ++i)
        worst = std::max(worst, distance(expected.data()[i], observed.data()[i]));
    return worst < kNoMatch ? worst / unit : kNoMatch;
}

double typical_residual(const Array<double>& expected, const Array<double>& observed, double unit) {
    if (expected.shape() != observed.shape()) return kNoMatch;
    std::vector<double> distances;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const double value = expected.data()[i];
        if (value != 0 && value > kMask) distances.push_back(distance(value, observed.data()[i]));
    }
    return distances.empty() ? 0 : median(distances) / unit;
}

double largest_on_zeros(const Array<double>& expected, const Array<double>& observed) {
    if (expected.shape() != observed.shape()) return 0;
    double largest = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (expected.data()[i] == 0) largest = std::max(largest, std::abs(observed.data()[i]));
    }
    return largest;
}

Misfit find_misfit(const Array<double>& expected, const Array<double>& observed, double tolerance,
                   double of_zeros) {
    Misfit misfit;
    misfit.cells = observed.size();
    if (expected.shape() != observed.shape()) {
        misfit.differing = misfit.cells;
        return misfit;
    }
    double worst = -1;
    std::size_t farthest = 0;
    for_rows(observed, [&](std::size_t first, std::size_t width) {
        if (is_nan(observed, first, width) && is_zero(expected, first, width)) return;
        for (std::size_t i = first; i < first + width; ++i) {
            const double value = expected.data()[i];
            const double away =
                distance(value, observed.data()[i]) / (value == 0 ? of_zeros : tolerance);
            if (away > 1) ++misfit.differing;
            if (away <= worst) continue;
            worst = away;
            farthest = i;
        }
    });
    misfit.expected = expected.data()[farthest];
    misfit.observed = observed.data()[farthest];
    misfit.place = index_of(farthest, observed.shape());
    return misfit;
}

double unit_of(const Observation& observation) {
    if (observation.kind == Observed::weights) return 1;
    double largest = 1e-30;
    for (const double value : observation.values.values()) {
        if (value > kMask && std::isfinite(value)) largest = std::max(largest, std::abs(value));
    }
    return largest;
}

double median(std::vector<double>& values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace attn::analysis
