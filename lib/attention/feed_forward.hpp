// The feed-forward part of a transformer block.
#pragma once

#include "attention/projection.hpp"
#include "core/array.hpp"

namespace attn {

enum class Activation {
    relu,
    gelu,       // x * Phi(x), by the error function (Hendrycks & Gimpel 2016)
    gelu_tanh,  // its approximation by tanh: gelu_new, gelu_pytorch_tanh
    silu,       // x * sigmoid(x), also called swish
};

template <class T>
struct FeedForwardWeights {
    Activation activation = Activation::gelu;
    MatrixOrder order = MatrixOrder::in_out;
    Array<T> W_in;    // [d_model, d_hidden]
    Array<T> b_in;    // [d_hidden] or empty
    Array<T> W_gate;  // [d_model, d_hidden]; empty: not gated
    Array<T> b_gate;
    Array<T> W_out;  // [d_hidden, d_model]
    Array<T> b_out;  // [d_model] or empty
};

template <class T>
T activate(Activation activation, T x);

// activation(x W_in + b_in) W_out + b_out; gated (Shazeer 2020):
// (activation(x W_gate + b_gate) * (x W_in + b_in)) W_out + b_out. x is [batch, tokens, d_model].
template <class T>
Array<T> feed_forward(const Array<T>& x, const FeedForwardWeights<T>& weights);

}  // namespace attn
