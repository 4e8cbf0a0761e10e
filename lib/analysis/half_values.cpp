#include "analysis/half_values.hpp"

#include <cmath>

#include "core/dtype.hpp"

namespace attn::analysis {
namespace {

// Steps of float16: 11 significant bits, the smallest of them 2^-24.
bool is_float16(double value) {
    const double steps =
        value * std::exp2(std::min(24.0, 10.0 - std::floor(std::log2(std::abs(value)))));
    return value == 0 || (std::abs(value) <= 65504 && steps == std::floor(steps));
}

bool is_bfloat16(double value) {
    const auto narrow = static_cast<float>(value);
    return static_cast<double>(narrow) == value && (bits_of_float(narrow) & 0xffffU) == 0;
}

}  // namespace

template <class T>
std::string half_precision_of(Span<const T> values) {
    bool half = true, brain = true, trivial = true;
    for (const T each : values) {
        const auto value = static_cast<double>(each);
        if (!std::isfinite(value)) continue;
        trivial = trivial && (value == 0 || value == 1);
        half = half && is_float16(value);
        brain = brain && is_bfloat16(value);
        if (!half && !brain) return "";
    }
    if (trivial) return "";
    return brain ? "bfloat16" : "float16";
}

template <class T>
double half_rounding_of_sum(MatrixView<const T> weights) {
    const std::string half =
        half_precision_of(Span<const T>(weights.data, weights.rows * weights.columns));
    if (half.empty()) return 0;
    // Half a step of the smallest float16, for keys whose weights are smaller.
    constexpr double kBelowFloat16 = 0x1p-25;
    return half == "bfloat16" ? 0x1p-8
                              : 0x1p-11 + static_cast<double>(weights.columns) * kBelowFloat16;
}

template std::string half_precision_of(Span<const float>);
template std::string half_precision_of(Span<const double>);
template double half_rounding_of_sum(MatrixView<const float>);
template double half_rounding_of_sum(MatrixView<const double>);

}  // namespace attn::analysis
