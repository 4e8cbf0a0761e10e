#include "analysis/estimates.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/transpose.hpp"

namespace attn::analysis {
namespace {

// The matrices as they were before they were transposed.
std::vector<double> turn_back(const Array<double>& seen, const Mistakes& mistakes) {
    std::vector<double> values(seen.data(), seen.data() + seen.size());
    const std::size_t keys = seen.extent(3);
    if (mistakes.transposed && seen.extent(2) == keys) {
        for (std::size_t first = 0; first < values.size(); first += keys * keys)
            transpose_square(values.data() + first, keys);
    }
    return values;
}

// Takes back what was done to the matrices after softmax over the keys: a second softmax turns a
// row w into exp(w) / sum, and w summed to one.
std::vector<double> undo(const Observation& observation, const Mistakes& mistakes) {
    std::vector<double> values = turn_back(observation.values, mistakes);
    const std::size_t keys = observation.values.extent(3);
    if (mistakes.softmax_twice && observation.kind == Observed::weights) {
        for (std::size_t row = 0; row < values.size(); row += keys) {
            double sum = 0;
            for (std::size_t key = 0; key < keys; ++key)
                sum += values[row + key] = std::log(values[row + key]);
            for (std::size_t key = 0; key < keys; ++key)
                values[row + key] += (1 - sum) / static_cast<double>(keys);
        }
    }
    return values;
}

// One line of cells along the axis of softmax.
struct Line {
    std::size_t first, stride, count;
};

std::vector<Line> lines_of(const Shape& shape, SoftmaxAxis axis) {
    const std::size_t heads = shape[1], queries = shape[2], keys = shape[3];
    const std::size_t matrix = queries * keys;
    std::vector<Line> lines;
    for (std::size_t b = 0; b < shape[0]; ++b) {
        const std::size_t start = b * heads * matrix;
        if (axis == SoftmaxAxis::heads) {
            for (std::size_t i = 0; i < matrix; ++i) lines.push_back({start + i, matrix, heads});
        } else if (axis == SoftmaxAxis::queries) {
            for (std::size_t i = 0; i < heads * keys; ++i)
                lines.push_back({start + i / keys * matrix + i % keys, keys, queries});
        } else {
            for (std::size_t i = 0; i < heads * queries; ++i)
                lines.push_back({start + i * keys, 1, keys});
        }
    }
    return lines;
}

// How much of one row is left beside its sink, times what dropout multiplied it with: the observed
// weights over those of a softmax without a sink. After a second softmax that is the rise of their
// logarithms with those.
double share_left(const double* expected, const double* seen, std::size_t keys, bool twice) {
    std::vector<double> shares;
    const std::size_t top =
        static_cast<std::size_t>(std::max_element(expected, expected + keys) - expected);
    for (std::size_t key = 0; key < keys; ++key) {
        if (!(expected[key] > 1e-4) && !twice) continue;
        if (!(seen[key] > 0)) continue;
        if (!twice) {
            shares.push_back(seen[key] / expected[key]);
        } else if (expected[top] - expected[key] > 1e-2) {
            shares.push_back(std::log(seen[top] / seen[key]) / (expected[top] - expected[key]));
        }
    }
    return shares.empty() ? 0 : median(shares);
}

struct SinkRow {
    double log_sum;  // of the exponentials of its scores
    double share;
};

// With a sink S a row keeps 1 / (1 + exp(S - log_sum)). Where dropout multiplies all of them with
// one unknown number, two rows of different sums tell S.
double sink_of(std::vector<SinkRow> rows, bool drops) {
    std::vector<double> estimates;
    if (!drops) {
        // A rounded share tells little of the sink where it is near 0 or 1.
        const auto clarity = [](const SinkRow& row) { return row.share * (1 - row.share); };
        double clearest = 0;
        for (const SinkRow& row : rows) clearest = std::max(clearest, clarity(row));
        for (const SinkRow& row : rows) {
            if (clarity(row) > 0 && clarity(row) >= clearest / 4)
                estimates.push_back(row.log_sum + std::log(1 / row.share - 1));
        }
    } else {
        std::sort(rows.begin(), rows.end(),
                  [](const SinkRow& a, const SinkRow& b) { return a.log_sum < b.log_sum; });
        for (std::size_t i = 0, half = rows.size() / 2; i < half; ++i) {
            const SinkRow &a = rows[i], &b = rows[i + half];
            const double sink = std::log((b.share - a.share) / (a.share * std::exp(-a.log_sum) -
                                                                b.share * std::exp(-b.log_sum)));
            if (std::isfinite(sink)) estimates.push_back(sink);
        }
    }
    return estimates.empty() ? -std::numeric_limits<double>::infinity() : median(estimates);
}

}  // namespace

// From the two largest weights of each line that are not masked: their logarithms differ by the
// factor times the difference of the products. The median of the lines.
double estimate_scale(const DenseAttention& attention, const Observation& observation,
                      const Mistakes& mistakes) {
    const Array<double>& products = attention.products;
    if (products.shape() != observation.values.shape()) return 1;
    const auto is_masked = [&](std::size_t cell) {
        return std::isinf(attention.scores.data()[cell]);
    };
    const std::vector<double> seen = undo(observation, mistakes);
    std::vector<double> estimates;
    for (const Line& line : lines_of(products.shape(), mistakes.axis)) {
        constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
        std::size_t first = kNone, second = kNone;
        for (std::size_t i = 0, cell = line.first; i < line.count; ++i, cell += line.stride) {
            if (is_masked(cell) || !std::isfinite(seen[cell])) continue;
            if (first == kNone || seen[cell] > seen[first]) {
                second = first;
                first = cell;
            } else if (second == kNone || seen[cell] > seen[second]) {
                second = cell;
            }
        }
        if (second == kNone) continue;
        const double step = products.data()[first] - products.data()[second];
        double rise = seen[first] - seen[second];
        if (observation.kind == Observed::weights) {
            if (!(seen[second] > 0)) continue;
            rise = std::log(seen[first] / seen[second]);
        }
        if (std::isfinite(rise) && std::abs(step) > 1e-3) estimates.push_back(rise / step);
    }
    if (estimates.empty()) return 1;
    return median(estimates);
}

std::vector<double> estimate_sinks(const DenseAttention& attention, const Observation& observation,
                                   const Mistakes& mistakes, bool drops) {
    const Array<double>& expected = attention.weights;
    const Shape& shape = expected.shape();
    const std::size_t heads = shape[1], queries = shape[2], keys = shape[3];
    std::vector<std::vector<SinkRow>> rows(heads);
    // The observation as it was before it was transposed, like `attention`.
    const std::vector<double> seen = expected.shape() == observation.values.shape()
                                         ? turn_back(observation.values, mistakes)
                                         : std::vector<double>(expected.size(), 0);
    for (std::size_t row = 0; row < shape[0] * heads * queries; ++row) {
        const double* weights = expected.data() + row * keys;
        const double share =
            share_left(weights, seen.data() + row * keys, keys, mistakes.softmax_twice);
        const std::size_t top =
            static_cast<std::size_t>(std::max_element(weights, weights + keys) - weights);
        if (!(share > 0)) continue;
        const double log_sum = attention.scores.data()[row * keys + top] - std::log(weights[top]);
        rows[row / queries % heads].push_back({log_sum, share});
    }
    std::vector<double> sinks;
    for (auto& of_head : rows) sinks.push_back(sink_of(std::move(of_head), drops));
    return sinks;
}

Dropout fit_dropout(const Array<double>& expected, const Observation& observation) {
    if (observation.kind != Observed::weights || expected.shape() != observation.values.shape())
        return {};
    std::vector<double> factors;
    double zeros = 0, cells = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (!(expected.data()[i] > 1e-4)) continue;
        cells += 1;
        const double seen = observation.values.data()[i];
        zeros += seen == 0;
        if (seen > 0) factors.push_back(seen / expected.data()[i]);
    }
    if (factors.empty() || zeros == 0) return {};
    const double factor = median(factors);
    Dropout fit{1 - 1 / factor, 0};
    // As many zeros as the factor promises, give or take; a mistaken mask has other numbers.
    const double share = zeros / cells;
    const double spread = 4 * std::sqrt(share * (1 - share) / cells) + 1 / cells;
    if (!(fit.probability > 0) || std::abs(share - fit.probability) > spread) return {};
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const double seen = observation.values.data()[i];
        const double right = seen == 0 ? 0 : expected.data()[i] * factor;
        fit.residual = std::max(fit.residual, std::abs(right - seen));
    }
    return fit;
}

}  // namespace attn::analysis
