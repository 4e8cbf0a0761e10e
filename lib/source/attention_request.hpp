// The attention flags as they were written, before any file was read.
#pragma once

#include <optional>
#include <string>

#include "attention/engine.hpp"
#include "attention/rotary_frequencies.hpp"

namespace attn::source {

struct AttentionRequest {
    // Without a value the weights file decides, else the default of each.
    std::optional<std::size_t> heads;
    std::optional<std::size_t> kv_heads;
    std::optional<bool> causal;
    std::optional<double> scale;

    KvOrder kv_order = KvOrder::repeat;
    std::string query_offset;        // a number, "end", or an array with one number a sequence
    std::string window;              // "LEFT,RIGHT", -1: unlimited
    std::string mask;                // array; bool or added to scores
    bool mask_true_ignores = false;  // polarity of a bool mask
    std::string key_lengths;         // "5,3" or an array
    std::string bias;                // array
    std::optional<double> softcap;
    std::string sink;  // array [heads]
    ScoreStage scores_at = ScoreStage::biased;
    Engine engine = Engine::tiled;

    bool rope = false;
    std::optional<double> rope_theta;  // default 10000
    std::optional<std::size_t> rope_dim;
    bool rope_dim_given = true;  // by a flag; else the weights file says it
    bool rope_interleaved = false;
    RotaryScaling rope_scaling;          // from config.json; there is no flag for it
    std::optional<double> window_theta;  // likewise: of layers with the window
    bool scale_by_layer = false;         // likewise: layer l has 1 / (l + 1) of the scale
    std::string positions;               // array [tokens] or [batch, tokens]; of tables as well

    bool alibi = false;
    std::string relative_bias;  // array [buckets, heads]
    std::size_t relative_max_distance = 128;
    bool bidirectional = false;

    std::string past_key;  // arrays [(batch,) kv_heads, past, d]
    std::string past_value;
};

}  // namespace attn::source
