#include "analysis/log_weights.hpp"

#include <cmath>

namespace attn::analysis {

template <class T>
bool are_log_weights(MatrixView<const T> values) {
    constexpr double kRounding = 1.0 / 256;  // of logarithms in bfloat16, which may go one way
    for (std::size_t row = 0; row < values.rows; ++row) {
        double sum = 0, rounding = 0.001;
        for (const T value : values.row(row)) {
            const double weight = std::exp(static_cast<double>(value));
            sum += weight;
            if (weight > 0) rounding += kRounding * weight * std::abs(static_cast<double>(value));
        }
        if (!(std::abs(sum - 1) <= rounding)) return false;
    }
    return values.rows > 0;
}

template bool are_log_weights(MatrixView<const float>);
template bool are_log_weights(MatrixView<const double>);

}  // namespace attn::analysis
