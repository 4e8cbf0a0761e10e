// Exact attention, computed tile by tile on all threads and streamed to sinks. Never holds the
// [queries, keys] matrix of a head.
#pragma once

#include <optional>
#include <vector>

#include "attention/heads.hpp"
#include "attention/kv_heads.hpp"
#include "attention/mask.hpp"
#include "attention/sink.hpp"

namespace attn {

// What computes attention.
enum class Engine {
    tiled,    // attend(): fast
    xtensor,  // attend_by_definition.hpp: written out, slow
};

// What the scores are that tiles carry.
enum class ScoreStage {
    scaled,      // scale * q kᵀ, for masked keys too
    softcapped,  // after the soft cap, for masked keys too
    biased,      // what softmax sees: with biases, masked = -inf
};

// One layer's attention: scores = scale * q kᵀ -> softcap -> biases and mask; weights = softmax of
// each row; context = weights v (Vaswani et al. 2017, section 3.2; the order is that of ONNX).
template <class T>
struct AttentionInputs {
    std::size_t layer = 0;
    HeadsView<T> q;  // [batch, heads, queries, d_head]
    HeadsView<T> k;  // [batch, kv_heads, keys, d_head]; heads is a multiple of kv_heads
    HeadsView<T> v;  // [batch, kv_heads, keys, d_value]
    T scale = 1;
    std::optional<T> softcap;  // cap * tanh(score / cap)
    std::vector<T> sinks;      // one extra logit a head in the denominator (gpt-oss); empty: none
    KvOrder kv_order = KvOrder::repeat;
    ScoreStage score_stage = ScoreStage::biased;
    bool allow_nonfinite = false;  // else numbers that leave the range of T are an error
    LayerShare share;
};

// How the tiles of a layer are cut and whose are streamed; the same for the backward pass.
template <class T>
LayerShape shape_of(const AttentionInputs<T>& inputs);

// Streams the tiles of the share to the sinks and returns the contexts of all heads side by side,
// [batch, queries, heads * d_value]; where the share has no output those of other heads are 0. A
// query without any key has weights and context of zero. Same bits for any number of threads and
// any sinks. Masked keys take no part, whatever their keys and values hold. Throws Error for
// queries, keys, values, scores and contexts that are not finite, with their place, unless such
// numbers are let through.
template <class T>
Array<T> attend(const AttentionInputs<T>& inputs, const Mask<T>& mask, const Sinks<T>& sinks);

}  // namespace attn
