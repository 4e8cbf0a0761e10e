// One attention layer from embeddings to output: projections, attention, output projection.
#pragma once

#include <optional>

#include "attention/engine.hpp"
#include "attention/projection.hpp"

namespace attn {

// How scores become weights; what is absent has its default.
struct AttentionOptions {
    bool causal = false;          // key j may serve query i iff j <= i
    std::optional<double> scale;  // default 1 / sqrt(d_head)
};

// Everything that a layer computed and that did not go to sinks.
template <class T>
struct LayerResult {
    Array<T> q;  // [batch, tokens, heads * d_head]
    Array<T> k;  // [batch, tokens, heads * d_head]
    Array<T> v;  // [batch, tokens, heads * d_value]
    Array<T>
        output;  // [batch, tokens, d_model]; without W_O the contexts of all heads side by side
};

// The attention of x [batch, tokens, d_model] with the layer's weights. The shapes must fit.
template <class T>
LayerResult<T> compute_layer(std::size_t layer, const Array<T>& x,
                             const ProjectionWeights<T>& weights, const AttentionOptions& options,
                             const Sinks<T>& sinks);

// x + y of equal shapes: the residual stream of an attention-only transformer.
template <class T>
Array<T> add(const Array<T>& x, const Array<T>& y);

}  // namespace attn
