// Whoever wants to know about the gradients inside of attention is a gradient sink: measures of
// heads, arrays that are saved. The backward pass streams every block of queries to all of them
// once.
#pragma once

#include <vector>

#include "attention/tile.hpp"
#include "core/byte_text.hpp"

namespace attn {

// Gradients of one block of queries of one head. The views are valid only during the call that
// hands it out.
template <class T>
struct GradientTile {
    const Tile<T>& tile;          // weights, context and who may attend; logsumexp with sinks
    MatrixView<const T> context;  // dL/dcontext [rows, d_value]
    MatrixView<const T> q;        // dL/dq [rows, d_head], of the rotated queries
    MatrixView<const T> weights;  // dL/dweights [rows, active keys], 0 where masked; empty unless
    MatrixView<const T> scores;   // dL/dscores of what softmax saw, likewise;      asked for
    Span<const double> dots;      // of each row: Σ dL/dcontext * context
    Span<const double> weight_squares;  // of each row: Σ (dL/dweights)² over what may be attended
    Span<const double> score_squares;   // of each row: Σ (dL/dscores)²
    Span<const double> score_sums;      // of each row: Σ dL/dscores, 0 in theory without a sink
    Span<const double> sink_shares;     // of each row: what the sink takes; empty without sinks
    Span<const double> weighted;        // of each row: Σ weights * dL/dweights, the dot in theory
};

// The gradients of one head, before the heads that share keys and values are added up.
struct HeadGradients {
    double k_squares = 0;
    double v_squares = 0;
};

// As Sink of attention/sink.hpp: tiles come from several threads in any order, end_head comes once
// for each head behind its last tile, heads in their order within those that share keys. Where
// several processes divide a layer, each has the tiles and ends of its own heads; what was found of
// a head then crosses over as bytes, as that of JoiningSink in ranks_sink.hpp does.
template <class T>
class GradientSink {
  public:
    virtual ~GradientSink() = default;

    // Whether tiles carry dL/dweights and dL/dscores.
    virtual bool needs_cells() const { return false; }
    virtual void begin_layer(const LayerShape&) {}
    virtual void consume(const GradientTile<T>& tile) = 0;
    virtual void end_head(std::size_t /*sequence*/, std::size_t /*head*/, const HeadGradients&) {}
    virtual void save_head(std::size_t /*sequence*/, std::size_t /*head*/, ByteWriter&) const {}
    virtual void restore_head(std::size_t /*sequence*/, std::size_t /*head*/, ByteReader&) {}
};

template <class T>
using GradientSinks = std::vector<GradientSink<T>*>;

}  // namespace attn
