// Why the rows of a matrix that should be attention do not sum to one.
#pragma once

#include <string>

#include "core/span.hpp"

namespace attn::analysis {

// In all of these T is float or double.

// What explains the rows of one head [queries, keys], in words: a softmax over the wrong axis or a
// second one, heads added up, dropout, a sink column left out, half precision. Empty when nothing
// does. `atol` is how far a sum may be from one.
template <class T>
std::string name_row_sum_cause(MatrixView<const T> weights, double atol);

// Whether the rows are softmaxes of what are softmaxes already, and not all uniform.
template <class T>
bool looks_softmaxed_twice(MatrixView<const T> weights);

// "float16" or "bfloat16" when every value is one, and not all are 0 or 1; else empty.
template <class T>
std::string half_precision_of(Span<const T> values);

}  // namespace attn::analysis
