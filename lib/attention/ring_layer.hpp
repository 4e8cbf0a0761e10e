// A layer of self-attention of which no rank has all tokens: each makes the queries, keys, values
// and output of its own, and keys and values go round (attention/ring).
#pragma once

#include "attention/ring.hpp"

namespace attn {

// The rows that this rank has of all x [batch, tokens, columns]: those of its first run, then those
// of its second, [batch, tokens of this rank, columns].
template <class T>
Array<T> ring_rows(const Communicator& ranks, const Array<T>& x);

// Of x [batch, tokens of this rank, d_model], out of so many `tokens` of all ranks: gives the
// output [batch, tokens of this rank, d_model] where the share has one. The sinks get what
// attend_in_ring streams. Throws Error as compute_layer does.
template <class T>
Array<T> compute_layer_in_ring(const Communicator& ranks, std::size_t layer, std::size_t tokens,
                               Array<T> x, ProjectionWeights<T> weights,
                               const AttentionOptions<T>& options, const LayerShare& share,
                               const Sinks<T>& sinks, const Progress& progress);

}  // namespace attn
