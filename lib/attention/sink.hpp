// Whoever wants to know about attention is a sink: array files, heatmaps, statistics, checks. A
// source streams every tile once to all sinks that are attached to it.
#pragma once

#include "attention/tile.hpp"

namespace attn {

// Layers come one after another. Within a layer: begin_layer, then consume for every tile, from
// several threads at once and in any order, end_head for each head as soon as its last tile was
// consumed, and end_layer. To give the same bits for every number of threads a sink writes only to
// places that belong to the tile's rows, and sums over tiles in end_head, in the order of the rows.
// What a sink throws stops the source.
template <class T>
class Sink {
  public:
    virtual ~Sink() = default;

    // Whether tiles must carry scores beside the weights.
    virtual bool wants_scores() const { return false; }

    // Whether tiles must carry logsumexp, entropy and score_sums.
    virtual bool wants_row_sums() const { return false; }

    virtual void begin_layer(const LayerShape&) {}
    virtual void consume(const Tile<T>& tile) = 0;
    virtual void end_head(std::size_t /*sequence*/, std::size_t /*head*/) {}
    virtual void end_layer() {}
};

}  // namespace attn
