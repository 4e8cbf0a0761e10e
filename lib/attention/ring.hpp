// Ring attention (Liu, Zaharia and Abbeel 2023): keys and values that no process holds all of. Each
// rank has a slice of them and passes it on to the next one, while its queries keep the highest
// score, the sum and the context of the keys that they met so far. The sums are taken in another
// order than by one process, so that the last bits differ.
#pragma once

#include <array>

#include "attention/layer.hpp"
#include "attention/tile.hpp"
#include "core/communicator.hpp"
#include "core/progress.hpp"

namespace attn {

// Which tokens a rank has of so many: one run of the first half and the one that mirrors it in the
// second, so that under a causal mask all ranks have as many cells. Either may be empty.
using RingTokens = std::array<KeyRange, 2>;
RingTokens ring_tokens(std::size_t tokens, std::size_t rank, std::size_t ranks);

// Which token is in a row of those.
std::size_t ring_token(const RingTokens& own, std::size_t row);

// Heads [batch, heads, tokens, width] of each run.
template <class T>
using RingRuns = std::array<Heads<T>, 2>;

// What a rank has of queries, keys and values, as they are before positions turn them.
template <class T>
struct RingInputs {
    std::size_t queries = 0, keys = 0;  // of all ranks together
    RingRuns<T> q, k, v;
};

// Of heads that hold all tokens, without a copy: no more is read than this rank has.
template <class T>
RingInputs<T> ring_inputs(const Communicator& ranks, const HeadsView<T>& q, const HeadsView<T>& k,
                          const HeadsView<T>& v);

// Streams contexts and logsumexp of the queries of this rank to the sinks, in tiles without scores
// and weights, between begin_layer and end_tiles; heads are those of the share. Where the share has
// an output the contexts of all heads side by side are given, too, [batch, tokens of this rank,
// heads * d_value]. Slices travel while those that came before are computed with. Memory: three
// slices of keys and values, and 8 bytes for each number of the contexts of this rank. `progress`
// counts slices. The options must hold no cache, no mask array and no bias array, whose places are
// those of all keys. Throws Error for numbers that leave the range of T, as attend() does.
template <class T>
Array<T> attend_in_ring(const Communicator& ranks, std::size_t layer, RingInputs<T> inputs,
                        const AttentionOptions<T>& options, const LayerShare& share,
                        const Sinks<T>& sinks, const Progress& progress);

}  // namespace attn
