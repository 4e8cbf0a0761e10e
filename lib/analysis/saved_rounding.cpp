#include "analysis/saved_rounding.hpp"

#include <string>

#include "analysis/decimal_values.hpp"
#include "analysis/half_values.hpp"

namespace attn::analysis {

template <class T>
Rounding saved_rounding_of(Span<const T> values) {
    const std::string half = half_precision_of(values);
    if (half == "float16") return Rounding::float16;
    if (half == "bfloat16") return Rounding::bfloat16;
    switch (decimals_of(values)) {
        case 2:
            return Rounding::decimals2;
        case 3:
            return Rounding::decimals3;
        case 4:
            return Rounding::decimals4;
        case 5:
            return Rounding::decimals5;
        default:
            return Rounding::none;
    }
}

template <class T>
double rounding_of_sum(MatrixView<const T> weights) {
    const double half = half_rounding_of_sum(weights);
    return half > 0 ? half : decimal_rounding_of_sum(weights);
}

template Rounding saved_rounding_of(Span<const float>);
template Rounding saved_rounding_of(Span<const double>);
template double rounding_of_sum(MatrixView<const float>);
template double rounding_of_sum(MatrixView<const double>);

}  // namespace attn::analysis
