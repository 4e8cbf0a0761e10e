// Attention written out, to be read beside the papers: the reference that the engine, its tests and
// --verify are held against. Plain and slow, one head of one sequence at a time; it shares only the
// conventions with the engine (head mapping, scale, positions, slopes, buckets), none of its code.
#pragma once

#include <cstdint>
#include <vector>

#include "attention/layer.hpp"

namespace attn {

// One head of one sequence.
struct HeadPlace {
    std::size_t sequence = 0;
    std::size_t head = 0;
};

// The matrices of some queries of one head in C; [queries, keys] where nothing else is
// said. `keys` counts those of the cache too.
template <class C>
struct DefinedHead {
    C scale{};
    Array<C> q;                            // [queries, d_head], rotated by their positions
    Array<C> k;                            // [keys, d_head], rotated
    Array<C> v;                            // [keys, d_value]
    Array<C> scaled;                       // scale * q kᵀ, for masked keys too
    Array<C> softcapped;                   // after the soft cap, for masked keys too
    Array<C> added;                        // magnitudes of all that is added to a score, summed
    std::vector<std::uint8_t> may_attend;  // 1 or 0
    Array<C> scores;                       // what softmax sees: with biases, masked = -inf
    Array<C> weights;                      // a query without any key has zeros
    Array<C> context;                      // [queries, d_value]
    std::vector<C> logsumexp;              // [queries], of the denominators; -inf without a key

    const Array<C>& at(ScoreStage stage) const {
        if (stage == ScoreStage::biased) return scores;
        return stage == ScoreStage::scaled ? scaled : softcapped;
    }
};

// softmax(softcap(scale * q kᵀ) + biases and mask) v for some queries of a head (Vaswani et al.
// 2017, section 3.2; the order is that of ONNX). Takes q [batch, heads, queries, d_head], k [batch,
// kv_heads, new keys, d_head] and v [batch, kv_heads, new keys, d_value] as they were before
// anything in `options` was done to them. The shapes must fit. What is not finite goes its way;
// masked keys take no part, whatever their keys and values hold. C is double, whatever T is.
template <class C, class T>
DefinedHead<C> define_head(const HeadsView<T>& q, const HeadsView<T>& k, const HeadsView<T>& v,
                           const AttentionOptions<T>& options, const HeadPlace& place,
                           const std::vector<std::size_t>& queries);

}  // namespace attn
