// Why the rows of a matrix that should be attention do not sum to one.
#pragma once

#include <string>

#include "core/span.hpp"

namespace attn::analysis {

// What explains the rows of one head [queries, keys], in words: a softmax over the wrong axis or a
// second one, heads added up, per cent, dropout, a sink column left out, half precision, no weight
// at all. Empty when nothing does. `atol` is how far a sum may be from one. T is float or double.
template <class T>
std::string name_row_sum_cause(MatrixView<const T> weights, double atol);

}  // namespace attn::analysis
