// Linear attention (Katharopoulos et al. 2020): another kernel in place of softmax. Not an
// approximation: its error on a model trained with softmax says what swapping would do.
#pragma once

#include "attention/approx/shapes.hpp"

namespace attn::approx {

// φ(q) [queries, d] and φ(k)ᵀ [d, keys], φ(x) = elu(x) + 1 of each number. Options: scaled (take
// sqrt(scale) x).
Factors linear_kernel(const Options& options, const HeadInput& head);

// cosFormer (Qin et al. 2022): relu(q)·relu(k)·cos(π(p - j) / 2L) with L = max(queries + offset,
// keys), as features [queries, 2d] and [2d, keys]. No options.
Factors cosformer(const Options& options, const HeadInput& head);

}  // namespace attn::approx
