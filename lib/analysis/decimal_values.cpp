#include "analysis/decimal_values.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace attn::analysis {
namespace {

constexpr int kFewest = 2, kMost = 5;
constexpr double kTens[] = {1, 10, 100, 1e3, 1e4, 1e5};

// Whether the value, as float32 holds it, is a whole number of steps of 10^-decimals. Where float32
// holds it no better than to this part of a step, that says nothing.
bool has_decimals(double value, int decimals) {
    constexpr double kTold = 0.05;
    const double steps = value * kTens[decimals];
    const double unsure = std::abs(steps) * std::numeric_limits<float>::epsilon();
    return unsure <= kTold && std::abs(steps - std::round(steps)) <= unsure;
}

}  // namespace

template <class T>
int decimals_of(Span<const T> values) {
    constexpr std::size_t kDiffering = 6;
    std::set<double> differing;
    int decimals = kFewest;
    for (const T each : values) {
        const auto value = static_cast<double>(each);
        if (!std::isfinite(value) || value == 0) continue;
        while (!has_decimals(value, decimals)) {
            if (++decimals > kMost) return 0;
        }
        if (differing.size() < kDiffering && value != std::round(value)) differing.insert(value);
    }
    return differing.size() < kDiffering ? 0 : decimals;
}

template <class T>
double decimal_rounding_of_sum(MatrixView<const T> weights) {
    const int decimals = decimals_of(Span<const T>(weights.data, weights.rows * weights.columns));
    if (decimals == 0) return 0;
    double most = 0;  // in steps
    for (std::size_t row = 0; row < weights.rows; ++row) {
        std::size_t last = 0, kept = 0;
        for (std::size_t key = 0; key < weights.columns; ++key) {
            if (weights.row(row)[key] == 0) continue;
            last = key + 1;
            ++kept;
        }
        // Five standard deviations of what is spread evenly over a step.
        constexpr double kChance = 1.5;
        const double chance = std::min(kChance * std::sqrt(static_cast<double>(kept)),
                                       0.5 * static_cast<double>(kept));
        most = std::max(most, chance + 0.5 * static_cast<double>(last - kept));
    }
    return most / kTens[decimals];
}

template int decimals_of(Span<const float>);
template int decimals_of(Span<const double>);
template double decimal_rounding_of_sum(MatrixView<const float>);
template double decimal_rounding_of_sum(MatrixView<const double>);

}  // namespace attn::analysis
