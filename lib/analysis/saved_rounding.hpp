// What numbers were rounded to when they were saved, told from the numbers alone: 16 bits, or a few
// decimals.
#pragma once

#include "analysis/rounding.hpp"
#include "core/span.hpp"

namespace attn::analysis {

// none where that cannot be told. T is float or double.
template <class T>
Rounding saved_rounding_of(Span<const T> values);

// How far it may put the sum of a row of weights [queries, keys] from 1; 0 for none.
template <class T>
double rounding_of_sum(MatrixView<const T> weights);

}  // namespace attn::analysis
