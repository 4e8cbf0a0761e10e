// One attention layer: from embeddings, or from queries, keys and values, to its output.
#pragma once

#include <cstdint>
#include <optional>

#include "attention/engine.hpp"
#include "attention/projection.hpp"
#include "attention/rotary.hpp"

namespace attn {

// Heads that were made for a layer, and the memory they lie in.
template <class T>
struct Heads {
    Array<T> array;
    HeadsView<T> view;
};

template <class T>
Heads<T> make_packed_heads(const Array<T>& array, std::size_t heads) {
    return {array, packed_heads(array, heads)};
}
template <class T>
Heads<T> make_separate_heads(const Array<T>& array) {
    return {array, separate_heads(array)};
}

// Turns queries and keys by their positions before anything else; a cache holds keys already
// rotated.
template <class T>
struct RotaryOptions {
    RotaryTable<T> table;
    std::vector<std::int64_t> positions;  // of the rows of the table
    RotaryFrequencies frequencies;        // of its columns
    std::vector<std::size_t> query_rows;  // [batch * queries], rows of the table
    std::vector<std::size_t> key_rows;    // [batch * new keys]
    RotaryPairs pairs = RotaryPairs::half_split;
};

// How queries, keys and values become weights; what is absent is not applied.
template <class T>
struct AttentionOptions {
    std::optional<double> scale;  // default 1 / sqrt(d_head)
    std::optional<double> softcap;
    std::vector<T> sinks;
    KvOrder kv_order = KvOrder::repeat;
    ScoreStage score_stage = ScoreStage::biased;
    bool allow_nonfinite = false;  // else what leaves the range of T is an error
    Engine engine = Engine::tiled;
    std::optional<RotaryOptions<T>> rotary;
    Array<T> past_key;    // [batch, kv_heads, past, d_head], in front of the keys
    Array<T> past_value;  // [batch, kv_heads, past, d_value]
    MaskOptions<T> mask;
};

// What a layer computed and did not give to sinks.
template <class T>
struct LayerResult {
    Heads<T> q;  // [batch, heads, queries, d_head], rotated
    Heads<T> k;  // [batch, kv_heads, past and new keys, d_head], rotated
    Heads<T> v;  // [batch, kv_heads, past and new keys, d_value]
    // [batch, queries, d_model]; without W_O the contexts of all heads side by side. Not to be used
    // where the share had no output.
    Array<T> output;
};

// Queries, keys and values as attention reads them: rotated by their positions, behind the cache.
// The output is empty.
template <class T>
LayerResult<T> place_heads(Heads<T> q, Heads<T> k, Heads<T> v, const AttentionOptions<T>& options);

// What attend() takes for placed heads, which must outlive it.
template <class T>
AttentionInputs<T> attention_inputs(std::size_t layer, const LayerResult<T>& placed,
                                    const AttentionOptions<T>& options, const LayerShare& share);

// Each head of [batch, tokens, heads * width] normalised by itself.
template <class T>
Array<T> normalise_heads(const Array<T>& packed, std::size_t heads, const Norm<T>& norm);

// Attention over given heads. The shapes must fit. Throws Error as attend() does.
template <class T>
LayerResult<T> compute_heads(std::size_t layer, const Heads<T>& q, const Heads<T>& k,
                             const Heads<T>& v, const AttentionOptions<T>& options,
                             const Sinks<T>& sinks, const LayerShare& share = {});

// The attention of x [batch, queries, d_model] over `context` [batch, new keys, d_context] (x
// itself for self-attention) with the layer's weights. Each array goes as soon as it was used where
// nobody else holds it. The shapes must fit. Throws Error as attend() does, and for x,
// context and output.
template <class T>
LayerResult<T> compute_layer(std::size_t layer, Array<T> x, Array<T> context,
                             ProjectionWeights<T> weights, const AttentionOptions<T>& options,
                             const Sinks<T>& sinks, const LayerShare& share = {});

}  // namespace attn
