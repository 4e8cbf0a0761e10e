#include "analysis/second_softmax.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/half_values.hpp"

namespace attn::analysis {
namespace {

// What a second softmax over all keys leaves of a row of weights p in cells that are not zero:
// exp(p) / Z, where Z also counts exp(0) for each of the other keys and the p sum to one.
template <class T>
bool is_second_softmax(Span<const T> row) {
    constexpr double kClose = 1e-3;
    double logs = 0, cells = 0;
    for (const T weight : row) {
        if (!(weight >= 0 && weight <= 1)) return false;
        if (weight > 0) logs += std::log(static_cast<double>(weight)), cells += 1;
    }
    const double log_z = (1 - logs) / cells;
    double z = static_cast<double>(row.size()) - cells;
    for (const T weight : row) {
        if (weight == 0) continue;
        const double p = std::log(static_cast<double>(weight)) + log_z;
        if (p < -kClose) return false;
        z += std::exp(p);
    }
    return cells > 0 && std::abs(std::log(z) - log_z) <= kClose;
}

// The smallest and the largest weight p that a second softmax over the keys with weight was given:
// its results w are exp(p) / Z, and the p sum to one.
struct GivenWeights {
    double smallest = 0, largest = 0, keys = 0;
};

template <class T>
GivenWeights given_weights(Span<const T> row) {
    double logs = 0, keys = 0;
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const T weight : row) {
        if (weight == 0) continue;
        const double log = std::log(static_cast<double>(weight));
        logs += log, keys += 1;
        low = std::min(low, log), high = std::max(high, log);
    }
    if (keys == 0) return {};
    const double log_z = (1 - logs) / keys;
    return {low + log_z, high + log_z, keys};
}

// Relative rounding of the values.
template <class T>
double rounding_of(MatrixView<const T> weights) {
    const std::string half =
        half_precision_of(Span<const T>(weights.data, weights.rows * weights.columns));
    return half.empty() ? 1e-6 : half == "float16" ? 0x1p-10 : 0x1p-7;
}

}  // namespace

template <class T>
bool looks_softmaxed_twice(MatrixView<const T> weights) {
    bool varies = false;
    for (std::size_t row = 0; row < weights.rows; ++row) {
        const Span<const T> values = weights.row(row);
        const T first = values[0];
        const auto is_zero = [](T value) { return value == 0; };
        if (std::all_of(values.begin(), values.end(), is_zero)) continue;
        if (!is_second_softmax(values)) return false;
        const auto differs = [first](T v) {
            return v != 0 && std::abs(v - first) > T(1e-4) * first;
        };
        varies = varies || std::any_of(values.begin(), values.end(), differs);
    }
    return varies;
}

template <class T>
bool is_flat_as_second_softmax(MatrixView<const T> weights) {
    // Rows of fewer keys say little, and so do those whose rounding is as large as their weights.
    constexpr double kFewKeys = 6, kFewRows = 4, kPeak = 3;
    double rows = 0, peaks = 0, rounding = 0;
    for (std::size_t row = 0; row < weights.rows; ++row) {
        const GivenWeights given = given_weights(weights.row(row));
        if (given.keys < kFewKeys) continue;
        // Most matrices are told by their first row.
        if (!(given.smallest >= -0.2 / given.keys)) return false;
        if (rounding == 0) rounding = rounding_of(weights);
        if (rounding * given.keys > 0.2) continue;
        if (!(given.smallest >= -2 * rounding) || !(given.largest <= 1 + 2 * rounding))
            return false;
        rows += 1;
        peaks += given.largest * given.keys;
    }
    return rows >= kFewRows && peaks > kPeak * rows;
}

template bool looks_softmaxed_twice(MatrixView<const float>);
template bool looks_softmaxed_twice(MatrixView<const double>);
template bool is_flat_as_second_softmax(MatrixView<const float>);
template bool is_flat_as_second_softmax(MatrixView<const double>);

}  // namespace attn::analysis
