// Rollout of attention while it is computed: each block of rows is fused and multiplied as soon as
// all its heads are there, so that no matrix [queries, keys] is ever held.
#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "analysis/rollout.hpp"
#include "attention/blockwise_sink.hpp"
#include "core/matrix.hpp"

namespace attn::analysis {

// What is known of each layer beside its tiles, by its number.
template <class T>
struct RolloutLayers {
    std::map<std::size_t, Mask<T>> masks;
    std::map<std::size_t, std::vector<double>> shares;  // of its heads in the mean; none: all alike
};

// One layer after another: from the bottom up for sources, from the top down for targets. T is
// float or double.
template <class T>
class RolloutSink : public BlockwiseSink<T> {
  public:
    enum class Lines { targets, sources };

    // `layers` must outlive the sink. Not for heads that are kept apart, nor for what is discarded
    // from whole matrices.
    RolloutSink(Lines lines, const std::vector<std::size_t>& numbers, const RolloutOptions& options,
                const RolloutLayers<T>& layers, const std::string& name);

    void begin_layer(const LayerShape& shape) override;
    void consume(const Tile<T>& tile) override;
    void end_layer(const LayerOutputs<T>& outputs) override;

    // The result of each sequence that was streamed, by its number: rows [targets, tokens], or
    // columns [tokens, sources].
    std::map<std::size_t, Matrix<T>> take() { return std::move(x_); }

  private:
    // The rows of a block, of all heads behind one another.
    struct Block {
        std::vector<T> weights;
        std::size_t left = 0;  // heads that are not there yet
    };
    // Sums over blocks are added in their order, whichever is there first.
    struct Sum {
        Matrix<T> result;
        std::size_t next = 0;
        std::map<std::size_t, Matrix<T>> waiting;
    };

    std::size_t place_of(std::size_t sequence, std::size_t block) const;
    void multiply_block(std::size_t sequence, std::size_t block, const std::vector<T>& weights);
    void add_in_order(std::size_t sequence, std::size_t block, Matrix<T> part);

    Lines lines_;
    std::vector<std::size_t> numbers_;
    RolloutOptions options_;
    const RolloutLayers<T>& layers_;
    std::string name_;
    std::map<std::size_t, Matrix<T>> x_;
    LayerShape shape_;
    std::vector<std::size_t> heads_;  // that are streamed
    std::mutex mutex_;
    std::map<std::size_t, Block> blocks_;  // that are not complete
    std::map<std::size_t, Sum> sums_;      // of each sequence
};

}  // namespace attn::analysis
