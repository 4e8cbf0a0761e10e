// The backward pass of a normalisation (LayerNorm, RMSNorm), of blocks and of single heads.
#pragma once

#include "attention/normalisation.hpp"

namespace attn {

template <class T>
struct NormGradients {
    Array<T> x;       // as x
    Array<T> weight;  // [width]; empty where the norm has none
};

// From dL/dy, y = normalise(x, norm), both as x. With x̂ = (x - mean) / σ and g = weight * dy: dx =
// (g - mean g - x̂ mean(g x̂)) / σ; without the means of x and g for rms.
template <class T>
NormGradients<T> normalise_backward(const Array<T>& x, const Norm<T>& norm, const Array<T>& dy);

}  // namespace attn
