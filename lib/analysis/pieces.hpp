// Pieces of an observation: all of it, block after block, or the sample on which mistakes are
// ruled out; and what a computation expects there beside what was seen.
#pragma once

#include <vector>

#include "analysis/dense_block.hpp"
#include "analysis/observation.hpp"

namespace attn::analysis {

// Some rows of some heads of one sequence of matrices, or some rows of an output. Where softmax
// runs over the queries, rows are keys.
struct Piece {
    std::size_t sequence = 0;
    std::vector<std::size_t> heads, rows;
};

// What is to be cut into pieces.
struct Extents {
    std::size_t batch = 1, heads = 1, queries = 1, keys = 1;

    std::size_t cells() const { return batch * heads * queries * keys; }
};

// The axis that a piece must hold as a whole: that of softmax, or the heads that are averaged.
SoftmaxAxis whole_axis(const Mistakes& mistakes);

// Pieces of about a million cells at most, in order, that cover everything.
std::vector<Piece> whole(const Extents& extents, Observed kind, SoftmaxAxis axis);

// The places that a sample shall hold: those where the right computation fails.
struct Place {
    std::size_t sequence = 0, head = 0, query = 0, key = 0;
};

// A few rows of a few heads, spread evenly, and around `place`. Everything where that is little.
std::vector<Piece> sample(const Extents& extents, Observed kind, SoftmaxAxis axis,
                          const Place& place);

// One or two rows of one or two heads, `place` among them: what most mistakes fail at once.
Piece glance(const Extents& extents, Observed kind, SoftmaxAxis axis, const Place& place);
bool is_little(const Extents& extents);

// Expected and seen numbers in the same order.
struct Faced {
    DenseBlock block;                    // the matrices; empty for outputs
    std::size_t width = 1;               // of a row, numbers
    std::vector<double> expected, seen;  // as the block lies; of outputs [rows, d_model]
};

Faced face(const DenseComputation& computation, const Observation& observation, const Piece& piece);

}  // namespace attn::analysis
