// Whether numbers were rounded to 16 bits, told from the numbers alone: files often hold them as
// float32.
#pragma once

#include <string>

#include "core/span.hpp"

namespace attn::analysis {

// "float16" or "bfloat16" when every finite value is one, and not all are 0 or 1; else empty. T is
// float or double.
template <class T>
std::string half_precision_of(Span<const T> values);

// How far rounding to 16 bits may put the sum of a row of weights [queries, keys] from 1; 0 where
// the values are not rounded. T is float or double.
template <class T>
double half_rounding_of_sum(MatrixView<const T> weights);

}  // namespace attn::analysis
