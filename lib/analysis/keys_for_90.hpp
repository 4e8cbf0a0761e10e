// How many of the largest weights of a row reach nine tenths, without sorting the row.
#pragma once

#include <cstddef>

#include "core/span.hpp"
#include "kernels/kernels.hpp"

namespace attn::analysis {

// All of them where their sum does not reach 0.9. `sums` and `entropy` (-Σ w ln w) are those of the
// weights.
template <class T>
std::size_t keys_for_90(Span<const T> weights, const WeightSums& sums, double entropy);

}  // namespace attn::analysis
