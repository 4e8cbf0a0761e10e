// Logarithms of weights, as log_softmax gives them, where weights should be.
#pragma once

#include "core/span.hpp"

namespace attn::analysis {

// Whether exp of every row of one head [queries, keys] sums to one, but for rounding, with cells
// of -inf for masked keys. T is float or double.
template <class T>
bool are_log_weights(MatrixView<const T> values);

}  // namespace attn::analysis
