// Attention that somebody saved, as a stream of tiles.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/dtype.hpp"
#include "core/warn.hpp"
#include "io/inputs.hpp"
#include "results/manifest.hpp"
#include "source/head_matrices.hpp"
#include "source/source.hpp"

namespace attn::source {

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
    std::optional<results::RunManifest> run;  // what the folder says, where it is one of ours
    bool has_sinks = false;  // a sink takes a part of each row: sums below one are right
    // Whether they are causal is only known of some rows of the first layer.
    bool causal_is_guess = false;
    bool batch_axis = false;  // the arrays have an axis of sequences, even if it is of length 1

    const Shape& shape() const { return layers.front().weights.shape(); }
    std::vector<std::size_t> layer_numbers() const {
        std::vector<std::size_t> numbers;
        for (const StoredLayer<T>& layer : layers) numbers.push_back(layer.layer);
        return numbers;
    }
};

// The type in which a source is looked at: float64 where any of its weights are, else float32,
// which holds all of float16, bfloat16 and small integers. `asked_for` wins. A source that cannot
// be opened is float32: whoever opens it says what is wrong. Holds the source, until the caller has
// opened all and lets go.
DType working_type(io::Inputs& inputs, const std::string& source,
                   std::optional<DType> asked_for = std::nullopt);

// Calls action with a number of the type, float or double: the one place where a command that
// reads stored attention chooses between its two instances.
template <class Action>
auto with_type(DType type, const Action& action) {
    return type == DType::float64 ? action(double{}) : action(float{});
}

// What the command line says of a source that is no folder of ours.
struct ArraySource {
    std::string name;                  // FILE[:KEY], a folder; see stored_parts.hpp
    std::string axes;                  // "batch,heads,q,k"; empty: the usual ones
    std::string axes_flag = "--axes";  // what messages call them
    // Whether they are causal is told by some rows of the first layer: for who looks at all while
    // it reads them.
    bool guess_causal = false;

    ArraySource(std::string name_, std::string axes_ = "")
        : name(std::move(name_)), axes(std::move(axes_)) {}
};

// Opens a folder that `run` wrote, or arrays whose axes array_source.hpp chooses; those are causal
// when all that is right of the diagonal is exactly zero. `warn` is told of choices that could have
// been others. Throws Error for anything else, and for a run that saved no weights.
template <class T>
StoredAttention<T> open_stored_attention(io::Inputs& inputs, const ArraySource& source,
                                         const Warn& warn = nullptr);

// Adds the scores that a run saved beside its weights, if it saved those that softmax saw. `source`
// is what the attention was opened from.
template <class T>
void load_scores(io::Inputs& inputs, const std::string& source, StoredAttention<T>& attention);

// Tiles carry weights, scores that were loaded, and no context.
template <class T>
class StoredSource : public Source<T> {
  public:
    // `attention` must outlive the source.
    explicit StoredSource(const StoredAttention<T>& attention);

    const Outline& outline() const override { return outline_; }
    void stream(const Sinks<T>& sinks, const Share& share, const Progress& progress) const override;

  private:
    const StoredAttention<T>& attention_;
    Outline outline_;

    void stream_layer(const StoredLayer<T>& layer, const Sinks<T>& sinks, const Share& share) const;
};

}  // namespace attn::source
