// The layers of a stored attention as rollout takes them: those that take part, their heads, who
// may attend, and what stands beside them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/fused_layer.hpp"
#include "io/inputs.hpp"
#include "pipeline/rollout_request.hpp"
#include "source/stored_source.hpp"

namespace attn::pipeline {

template <class T>
struct RolloutStack {
    std::string name;  // of the source
    source::StoredAttention<T> attention;
    std::vector<std::size_t> places;          // of its layers, before some were left out
    std::vector<std::size_t> heads;           // places of those that are fused
    std::vector<Mask<T>> masks;               // of each layer
    MaskStructure structure;                  // what they say, but for arrays and single layers
    source::StoredAttention<T> gradients;     // of the same shape and layers; without layers: none
    std::vector<std::vector<double>> shares;  // of the heads in each layer; empty: all alike
    std::shared_ptr<analysis::RowSumWatch> sums;  // of weights that somebody saved

    std::size_t layers() const { return attention.layers.size(); }
    std::size_t sequences() const { return attention.shape()[0]; }
    std::size_t queries() const { return attention.shape()[2]; }
    std::size_t keys() const { return attention.shape()[3]; }

    // The heads of one layer by its place in the stack; `only`: this head alone, by its place in
    // `heads`.
    analysis::LayerHeads<T> layer(std::size_t place, std::size_t sequence,
                                  std::optional<std::size_t> only = std::nullopt) const;
    void forget(std::size_t place) const;
};

// Which layers and heads of a source take part, by their places in it.
struct RolloutShare {
    std::string name;                  // of the source
    Shape all;                         // [layers, heads] of the source
    std::vector<std::size_t> layers;   // places
    std::vector<std::size_t> numbers;  // what these layers are called
    std::vector<std::size_t> heads;    // places
};

// --head-weights of the request: of each layer the shares of its heads in the mean; nothing without
// the flag. Throws Error for another shape, numbers below 0, and heads that all weigh nothing.
std::vector<std::vector<double>> load_head_shares(const RolloutRequest& request,
                                                  const RolloutShare& of, io::Inputs& inputs);

// What is looked at to see whether arrays are causal. Some rows of the first layer are enough where
// all are read anyway: then a row that is not causal throws NotCausal, and all must be looked at.
enum class CausalLooks { some_rows, all_layers };

// SOURCE of the request, its gradients and the shares of its heads. Throws Error for what cannot be
// read, for layers and heads that are not there and for shapes that do not fit.
template <class T>
RolloutStack<T> open_rollout_source(const RolloutRequest& request, CausalLooks looks,
                                    io::Inputs& inputs, const Warn& warn);

// --gradients of the request, which fit the weights of a stack with all layers and heads of its
// source; of both only the layers at `places` of the stack are left. Throws Error for gradients of
// another shape, and those of a folder whose layers or heads are others.
template <class T>
void add_gradients(const RolloutRequest& request, RolloutStack<T>& stack, io::Inputs& inputs);

// --cross and --encoder of the request, which fit `decoder`; nothing where they are not given.
template <class T>
std::optional<RolloutStack<T>> open_cross(const RolloutRequest& request,
                                          const RolloutStack<T>& decoder, io::Inputs& inputs,
                                          const Warn& warn);
template <class T>
std::optional<RolloutStack<T>> open_encoder(const RolloutRequest& request,
                                            const RolloutStack<T>& cross, io::Inputs& inputs,
                                            const Warn& warn);

// Labels of the encoder's tokens: from --key-tokens, else from the folder of the cross-attention;
// one list a sequence, one for all, or none. Throws Error where there are not as many as keys.
template <class T>
std::vector<std::vector<std::string>> encoder_labels(const RolloutRequest& request,
                                                     const RolloutStack<T>& cross);

}  // namespace attn::pipeline
