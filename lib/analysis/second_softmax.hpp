// Whether softmax ran over weights instead of scores, told from what came out.
#pragma once

#include "core/span.hpp"

namespace attn::analysis {

// Weights are [queries, keys]; T is float or double.

// Whether the rows are softmaxes over all keys of what are softmaxes already, the mask came last,
// and not all rows are uniform.
template <class T>
bool looks_softmaxed_twice(MatrixView<const T> weights);

// The same of rows that sum to one, where the mask took part in both or there is none. Scores that
// are nearly equal come out as flat, but not with a key in most rows that is far above all others
// while none is far below: softmax of weights p is exp(p) / Z, and p is never below 0.
template <class T>
bool is_flat_as_second_softmax(MatrixView<const T> weights);

}  // namespace attn::analysis
