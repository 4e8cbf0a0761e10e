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

}  // namespace

double residual(const Array<double>& expected, const Array<double>& observed, double unit) {
    if (expected.shape() != observed.shape()) return kNoMatch;
    double worst = 0;
    for (std::size_t i = 0; i < expected.size(); ++i)
        worst = std::max(worst, distance(expected.data()[i], observed.data()[i]));
    return worst / unit;
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
