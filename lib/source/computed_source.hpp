// Attention computed from embeddings and weights, or from queries, keys and values, as a stream of
// tiles: the one loop over the layers of a model.
#pragma once

#include <optional>

#include "attention/overflow.hpp"
#include "core/communicator.hpp"
#include "io/inputs.hpp"
#include "source/computed_inputs.hpp"
#include "source/source.hpp"

namespace attn::source {

template <class T>
class ComputedSource : public Source<T> {
  public:
    // Opens and checks everything, and computes nothing. `inputs` must outlive the source. Throws
    // Error that names the array, its shape and what was expected.
    ComputedSource(const ComputedRequest& request, io::Inputs& inputs, const Warn& warn);

    const Outline& outline() const override { return outline_; }

    // Layers below those of the share are computed, without tiles, where nobody gave their input.
    // Throws Error, too, where numbers leave the range of T, with their place.
    void stream(const Sinks<T>& sinks, const Share& share, const Progress& progress) const override;

    // The tiles of one layer that reads `x` [batch, tokens, d_model], whatever stands below it.
    void stream_alone(std::size_t layer, const Array<T>& x, const Sinks<T>& sinks,
                      const Share& share) const;

    // From now on this rank computes its own tokens alone, and keys and values go round among the
    // ranks (attention/ring): sinks get contexts, logsumexp, outputs and hidden states of these,
    // nothing else and no RanksSink. Once, for self-attention without a cache, of at least two
    // tokens a rank.
    void go_round(const Communicator& ranks);

    const ComputedInputs<T>& inputs() const { return loaded_; }

    // The layers below were streamed by somebody else, and this one reads `x` (empty where nothing
    // follows).
    void start_at(std::size_t layer, Array<T> x) {
        start_ = layer;
        if (loaded_.has_weights() && !loaded_.hidden_states) loaded_.x = {std::move(x)};
    }

    // What the first layer reads instead, or with hidden states this one; of the same shape.
    void replace_x(std::size_t layer, const Array<T>& x) { loaded_.x[layer] = x; }

  private:
    // What a layer reads and is asked for.
    struct Layer {
        std::size_t layer;
        const Array<T>& x;
        const Sinks<T>& sinks;
        LayerShare share;
        bool block;  // what its block gives is needed
    };

    model::LayerWeights<T> load(const Layer& asked) const;
    Array<T> stream_layer(const Layer& asked) const;
    void stream_heads(const Layer& asked) const;
    void end_model(const Array<T>& x, const Needs& needs, const Sinks<T>& sinks) const;
    OverflowGuard guard_of(std::optional<std::size_t> layer) const;

    io::Inputs& files_;
    bool allow_nonfinite_;
    ComputedInputs<T> loaded_;
    Outline outline_;
    std::size_t start_ = 0;             // the first layer
    std::optional<Communicator> ring_;  // whose ranks have some of the tokens each
};

}  // namespace attn::source
