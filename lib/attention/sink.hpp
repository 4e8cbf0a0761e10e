// Whoever wants to know about attention is a sink: array files, heatmaps, statistics, checks. A
// source streams every tile once to all sinks that are attached to it.
#pragma once

#include <vector>

#include "attention/tile.hpp"
#include "core/array.hpp"

namespace attn {

// What a sink wants beside weights. A source makes what some sink needs, and no more.
struct Needs {
    bool scores = false;       // in tiles
    bool row_sums = false;     // likewise: logsumexp, entropy and score_sums
    bool output = false;       // of each layer: its attention's output, which takes all heads
    bool hidden = false;       // of each layer: what its block gives; of the model: the final state
    bool logits = false;       // of the model
    bool projections = false;  // of each layer: its weights, which else go as they were used
    bool norms_behind = false;  // of each layer: the norms between its attention and what follows

    bool model_output() const { return hidden || logits; }
};

inline Needs operator|(const Needs& a, const Needs& b) {
    return {a.scores || b.scores,
            a.row_sums || b.row_sums,
            a.output || b.output,
            a.hidden || b.hidden,
            a.logits || b.logits,
            a.projections || b.projections,
            a.norms_behind || b.norms_behind};
}

inline Needs needs_projections() {
    Needs needs;
    needs.projections = true;
    return needs;
}

// What ‖αf(x)‖ and ALTI are made of.
inline Needs needs_surroundings() {
    Needs needs = needs_projections();
    needs.norms_behind = true;
    return needs;
}

template <class T>
struct LayerResult;
template <class T>
struct ProjectionWeights;
template <class T>
struct BlockWeights;

// What stands around the tiles of a layer, where the source has it; the views are valid only during
// the call that hands it out.
template <class T>
struct LayerOutputs {
    std::size_t layer = 0;
    const Array<T>* x = nullptr;  // [batch, queries, d_model], what the block read
    // What its projections read, behind the norm, and they themselves, where they were needed.
    const Array<T>* input = nullptr;
    const ProjectionWeights<T>* projections = nullptr;
    const BlockWeights<T>* block = nullptr;
    const LayerResult<T>* attention = nullptr;  // q, k, v, and the output where it was needed
    const Array<T>* hidden = nullptr;           // [batch, queries, d_model], where it was needed
};

// What a model gives behind its last layer, where it was needed.
template <class T>
struct ModelOutputs {
    const Array<T>* hidden = nullptr;  // [batch, queries, d_model], behind the last norm
    const Array<T>* logits = nullptr;  // [batch, queries, vocabulary]
};

// Layers come one after another. Within a layer: begin_layer, then consume for every tile, from
// several threads at once and in any order, end_head for each head as soon as its last tile was
// consumed, and end_layer. To give the same bits for every number of threads a sink writes only to
// places that belong to the tile's rows, and sums over tiles in end_head, in the order of the rows.
// What a sink throws stops the source.
template <class T>
class Sink {
  public:
    virtual ~Sink() = default;

    virtual Needs needs() const { return {}; }
    virtual void begin_layer(const LayerShape&) {}
    virtual void consume(const Tile<T>& tile) = 0;
    virtual void end_head(std::size_t /*sequence*/, std::size_t /*head*/) {}
    virtual void end_layer(const LayerOutputs<T>&) {}

    // After the last layer, from sources that were asked for a model's outputs.
    virtual void end_model(const ModelOutputs<T>&) {}
};

template <class T>
using Sinks = std::vector<Sink<T>*>;

template <class T>
Needs needs_of(const Sinks<T>& sinks) {
    Needs needs;
    for (const Sink<T>* sink : sinks) needs = needs | sink->needs();
    return needs;
}

}  // namespace attn
