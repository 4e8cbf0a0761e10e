#include "analysis/log_weights.hpp"

#include <cmath>

namespace attn::analysis {

template <class T>
bool are_log_weights(MatrixView<const T> values) {
    constexpr double kRounding = 0.01;  // bfloat16's of the logarithms
    for (std::size_t row = 0; row < values.rows; ++row) {
        double sum = 0;
        for (const T value : values.row(row)) sum += std::exp(static_cast<double>(value));
        if (!(std::abs(sum - 1) <= kRounding)) return false;
    }
    return values.rows > 0;
}

template bool are_log_weights(MatrixView<const float>);
template bool are_log_weights(MatrixView<const double>);

}  // namespace attn::analysis
