#include "analysis/decimal_values.hpp"

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
    constexpr std::size_t kDiffering = 20;
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

template int decimals_of(Span<const float>);
template int decimals_of(Span<const double>);

}  // namespace attn::analysis
