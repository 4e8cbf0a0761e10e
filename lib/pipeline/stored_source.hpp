// Attention that somebody saved, as a stream of tiles.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "attention/engine.hpp"
#include "core/dtype.hpp"
#include "io/inputs.hpp"
#include "pipeline/head_matrices.hpp"

namespace attn::pipeline {

template <class T>
struct StoredLayer {
    std::size_t layer = 0;                   // what it is called
    HeadMatrices<T> weights;                 // axes that the file lacks have length 1
    HeadMatrices<T> scores;                  // what softmax saw; see load_scores
    std::optional<std::size_t> window_left;  // where its window differs from the structure's

    // Gives the memory of what was read for now back to the system.
    void forget() const;
};

// Weights of one or many layers, all of the same shape. T is float or double.
template <class T>
struct StoredAttention {
    std::vector<StoredLayer<T>> layers;
    std::vector<std::size_t> heads;                // what the head at each place is called
    MaskStructure structure;                       // which cells are masked
    std::vector<std::vector<std::string>> tokens;  // labels, where the source holds them
    std::vector<std::vector<std::string>> key_tokens;
    bool has_sinks = false;  // a sink takes a part of each row: sums below one are right

    const Shape& shape() const { return layers.front().weights.shape(); }
};

// The type in which a source is looked at: float64 where any of its weights are, else float32,
// which holds all of float16, bfloat16 and small integers. `asked_for` wins. A source that cannot
// be opened is float32: whoever opens it says what is wrong.
DType working_type(io::Inputs& inputs, const std::string& source,
                   std::optional<DType> asked_for = std::nullopt);

// Calls action with a number of the type, float or double: the one place where a command that
// reads stored attention chooses between its two instances.
template <class Action>
auto with_type(DType type, const Action& action) {
    return type == DType::float64 ? action(double{}) : action(float{});
}

// Opens a folder that `run` wrote, or an array [q, k], [heads, q, k], [layers, heads, q, k] or
// [layers, batch, heads, q, k]; such an array is causal when all that is right of the diagonal is
// exactly zero. Throws Error for anything else, and for a run that saved no weights.
template <class T>
StoredAttention<T> open_stored_attention(io::Inputs& inputs, const std::string& source);

// Adds the scores that a run saved beside its weights, if it saved those that softmax saw.
template <class T>
void load_scores(io::Inputs& inputs, const std::string& source, StoredAttention<T>& attention);

// Streams the layers to the sinks. Tiles carry weights, scores that were loaded, and no context.
template <class T>
void stream(const StoredAttention<T>& attention, const Sinks<T>& sinks);

}  // namespace attn::pipeline
