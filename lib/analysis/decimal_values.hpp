// Whether numbers were rounded to a few decimals before they were saved, as text often is, told
// from the numbers alone.
#pragma once

#include "core/span.hpp"

namespace attn::analysis {

// How many digits behind the point all finite values have, as far as float32 holds them: 2 to 5.
// 0 where they have more or are too large to tell, and where too few of them differ to be no
// chance. T is float or double.
template <class T>
int decimals_of(Span<const T> values);

// How far such decimals may put the sum of a row of weights [queries, keys] from 1: by chance, and
// by half of the last decimal for each key before the row's last that vanished. 0 where the values
// are not rounded so.
template <class T>
double decimal_rounding_of_sum(MatrixView<const T> weights);

}  // namespace attn::analysis
