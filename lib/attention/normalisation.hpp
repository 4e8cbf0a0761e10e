// Normalisation of each token's vector, as transformer blocks apply it.
#pragma once

#include "core/array.hpp"

namespace attn {

enum class NormKind {
    none,
    layer,  // centred and scaled (Ba et al. 2016)
    rms,    // scaled only (Zhang & Sennrich 2019)
};

template <class T>
struct Norm {
    NormKind kind = NormKind::none;
    Array<T> weight;         // [width]; empty: ones
    Array<T> bias;           // [width]; empty: zeros
    double weight_plus = 0;  // Gemma keeps weight - 1
    double epsilon = 1e-5;   // added to the variance, or to the mean square
};

// Over the last axis: (x - mean) / sqrt(variance + epsilon) * weight + bias, without the mean for
// rms. x itself for NormKind::none. The widths must fit.
template <class T>
Array<T> normalise(const Array<T>& x, const Norm<T>& norm);

}  // namespace attn
