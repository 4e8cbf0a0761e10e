// What a run reads: everything is opened and checked against everything else before the first
// number is computed. Matrices are read layer by layer, when their turn comes.
#pragma once

#include <string>
#include <vector>

#include "attention/layer.hpp"
#include "core/warn.hpp"
#include "io/inputs.hpp"
#include "model/layer_weights.hpp"
#include "source/computed_request.hpp"

namespace attn::source {

// The heads of one layer as the output files see them.
struct LayerShapes {
    std::size_t d_head = 0;
    std::size_t d_value = 0;
    std::size_t d_output = 0;
};

template <class T>
struct GivenHeads {
    Heads<T> q, k, v;
};

template <class T>
struct ComputedInputs {
    bool batch_axis = false;
    std::size_t batch = 1;
    std::size_t heads = 1;
    std::size_t kv_heads = 1;
    std::size_t queries = 0;
    std::size_t keys = 0;  // those of the cache included
    std::vector<LayerShapes> layers;
    AttentionRequest attention;   // the flags, completed by what the weights file says
    AttentionOptions<T> options;  // of all layers, but for what follows
    std::vector<std::optional<std::size_t>> window_left;  // of each layer; empty: as in options
    std::vector<std::string> relative_biases;  // likewise: names of arrays (UMT5), and the arrays
    std::vector<RelativeBias<T>> relative;
    std::vector<model::RotaryKind> rotary_kinds;
    std::optional<RotaryOptions<T>> window_rotary;  // of layers of that kind
    std::vector<std::string> sink_names;
    std::vector<std::vector<T>> sinks;

    // Either embeddings and weights …
    std::vector<Array<T>> x;  // [batch, queries, d_model]: one for the first layer, or one for each
    Array<T> context;         // [batch, new keys, d_context]; empty: the layer's own input
    std::optional<model::WeightBundle> bundle;
    std::vector<model::LayerSizes> sizes;
    // … or heads.
    Heads<T> q;
    Heads<T> k;
    Heads<T> v;
    std::vector<GivenHeads<T>> saved;  // … of each layer; layers that were not saved are empty

    std::vector<std::vector<std::string>> tokens;  // one list a sequence, one for all, or none
    std::vector<std::vector<std::string>> key_tokens;

    std::vector<std::string> notes;  // of what was assumed, for the user

    bool has_weights() const { return bundle.has_value(); }
    bool hidden_states = false;  // every layer has an x of its own
    AttentionOptions<T> options_of(std::size_t layer) const;
};

// Throws Error that names the array, its shape and what was expected.
template <class T>
ComputedInputs<T> load_computed_inputs(const ComputedRequest& request, io::Inputs& inputs,
                                       const Warn& warn);

}  // namespace attn::source
