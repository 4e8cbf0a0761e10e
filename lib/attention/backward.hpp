// The backward pass of attention: from the gradient of the contexts to those of queries, keys,
// values, sinks and biases. Tile by tile, as the forward pass; never holds a [queries, keys]
// matrix.
#pragma once

#include <vector>

#include "attention/engine.hpp"
#include "attention/gradient_sink.hpp"
#include "core/communicator.hpp"

namespace attn {

// Gradients of what attend() reads.
template <class T>
struct AttentionGradients {
    Array<T> q;                    // [batch, heads, queries, d_head]
    Array<T> k;                    // [batch, kv_heads, keys, d_head], summed over the heads served
    Array<T> v;                    // [batch, kv_heads, keys, d_value]
    Array<T> context;              // what attend() gives, for who needs it
    std::vector<double> sinks;     // [heads]; empty without sinks
    std::vector<double> bias;      // as the values of the bias, summed where it was spread
    std::vector<double> relative;  // [buckets, heads]; empty without a table
};

// `d_context` is dL/dcontext, [batch, queries, heads * d_value]; empty: the context itself, as the
// loss Σ context² / 2 has it, without a forward pass of its own. The weights are computed again,
// block by block (Dao et al. 2022, Algorithm 4; with D = Σ dcontext * context, dweights = dcontext
// vᵀ, dscores = weights * (dweights - D), dq = scale dscores k, dk = scale dscoresᵀ q, dv =
// weightsᵀ dcontext). Sums over blocks are folded in their order, in double: the same bits for any
// number of threads. Several ranks divide the heads, see divided_backward.hpp, and each returns the
// gradients of all. Throws Error as attend() does.
template <class T>
AttentionGradients<T> attend_backward(const AttentionInputs<T>& inputs, const MaskOptions<T>& mask,
                                      const Array<T>& d_context, const GradientSinks<T>& sinks,
                                      const Communicator& ranks = {});

}  // namespace attn
