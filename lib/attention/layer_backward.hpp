// The backward pass of one attention layer: from the gradient of its output to those of everything
// it reads.
#pragma once

#include "attention/backward.hpp"
#include "attention/layer.hpp"

namespace attn {

// Gradients of the arrays of ProjectionWeights under their names, [d_in, d_out] in whichever order
// the file has them; empty for what the layer lacks.
template <class T>
struct ProjectionGradients {
    Array<T> W_Q, W_K, W_V, W_O;
    Array<T> b_Q, b_K, b_V, b_O;
    Array<T> q_norm, k_norm;  // of their weights, [d_head]
};

// Gradients of queries, keys and values before they were rotated and put behind a cache, each of
// the shape in which a layer is given its heads.
template <class T>
struct HeadsGradients {
    AttentionGradients<T> attention;  // of what attention read
    Array<T> q;                       // [batch, queries, heads * d_head]
    Array<T> k;                       // [batch, new keys, kv_heads * d_head]
    Array<T> v;
};

template <class T>
struct LayerGradients {
    HeadsGradients<T> heads;
    Array<T> d_context;   // of the contexts of all heads side by side
    Array<T> x;           // of what the projections read, [batch, queries, d_model]
    Array<T> embeddings;  // of `context` in cross-attention, [batch, new keys, d_context]
    ProjectionGradients<T> projections;
};

// From the gradient of the contexts [batch, queries, heads * d_value] to those of given heads;
// empty: the contexts themselves, see attend_backward, which divides the work among the ranks.
template <class T>
HeadsGradients<T> backward_of_heads(std::size_t layer, const Heads<T>& q, const Heads<T>& k,
                                    const Heads<T>& v, const AttentionOptions<T>& options,
                                    const Array<T>& d_context, const GradientSinks<T>& sinks,
                                    const LayerShare& share = {}, const Communicator& ranks = {});

// From `d_output`, the gradient of what compute_layer gives for x and `context` (empty: x itself).
// What is between is computed again. Ranks deal out heads and rows. Throws Error as compute_layer
// does, and for gradients that leave the range of T.
template <class T>
LayerGradients<T> backward_of_layer(std::size_t layer, const Array<T>& x, const Array<T>& context,
                                    const ProjectionWeights<T>& weights,
                                    const AttentionOptions<T>& options, const Array<T>& d_output,
                                    const GradientSinks<T>& sinks, const LayerShare& share = {},
                                    const Communicator& ranks = {});

}  // namespace attn
