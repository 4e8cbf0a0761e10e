// Compares attention that streams by, tile by tile, with matrices that somebody holds.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "analysis/difference.hpp"
#include "attention/ranks_sink.hpp"

namespace attn::analysis {

// T is float or double.
template <class T>
class DifferenceSink : public Sink<T>, public JoiningSink<T> {
  public:
    // [queries, keys] of a head, by the number that it is called; valid until the layer ends.
    using Held = std::function<MatrixView<const T>(std::size_t layer, std::size_t sequence,
                                                   std::size_t head)>;

    // What is held is a, what streams by is b.
    DifferenceSink(Held held, const Tolerance& tolerance, DType grain)
        : held_(std::move(held)), tolerance_(tolerance), grain_(grain) {}

    void begin_layer(const LayerShape& shape) override;
    void consume(const Tile<T>& tile) override;
    void end_head(std::size_t sequence, std::size_t place) override;
    void save_head(std::size_t sequence, std::size_t place, ByteWriter& to) const override;
    void restore_head(std::size_t sequence, std::size_t place, ByteReader& from) override;

    // In the order of layers, sequences and heads.
    std::vector<HeadDifference> take() { return std::move(heads_); }

  private:
    Held held_;
    Tolerance tolerance_;
    DType grain_;
    LayerShape shape_;
    std::size_t first_ = 0;                         // of this layer, in heads_
    std::vector<std::vector<RowDifference>> rows_;  // of each slot
    std::vector<HeadDifference> heads_;
};

}  // namespace attn::analysis
