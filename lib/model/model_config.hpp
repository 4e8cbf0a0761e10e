// What a checkpoint says about itself in config.json, read as its family reads it: each family has
// its own list of keys, with its own defaults (family_configs.cpp). A key that changes the result
// and is not read is never ignored.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "attention/feed_forward.hpp"
#include "attention/normalisation.hpp"
#include "attention/rotary.hpp"
#include "io/container.hpp"
#include "model/layout.hpp"

namespace attn::model {

// A key that says whether arrays are there: "attention_bias": true.
struct ArrayClaim {
    std::string said;  // "attention_bias": true
    bool present = false;
    std::vector<std::string> names;  // ours: b_Q, b_K …
};

// What only makes sense together with other keys; the family's `finish` puts it together.
struct RawKeys {
    bool any = false;               // something is said at all
    std::optional<bool> window_on;  // use_sliding_window, use_local_attn
    std::string rotary_kind;        // "yarn"
    bool rotary_off = false;        // "rope_scaling": null
    std::optional<double> rotary_factor;
    std::optional<double> rotary_original;  // original_max_position_embeddings
    std::optional<double> max_positions;
};

// Absent: neither the file says it, nor has the family's configuration a default of its own. The
// row of the family in layouts.cpp has what its code fixes.
struct ModelConfig {
    std::string model_type;
    std::optional<std::size_t> heads;
    std::optional<std::size_t> kv_heads;
    std::optional<std::size_t> d_head;
    std::optional<std::size_t> layers;
    std::optional<std::size_t> d_model;
    std::optional<std::size_t> d_hidden;  // columns of W_in
    std::optional<std::size_t> vocabulary;

    std::optional<bool> causal;
    std::optional<double> scale;
    std::optional<double> softcap;
    std::optional<double> logit_softcap;
    std::optional<double> epsilon;
    std::optional<NormKind> norm;
    std::optional<bool> norms_are_bare;  // folded into the matrices behind them
    std::optional<Activation> activation;
    std::optional<bool> parallel;
    std::optional<bool> norm_first;
    std::optional<bool> tied;      // logits are made with the token table
    bool tied_by_default = false;  // in the family's own code, where config.json does not say
    std::optional<std::size_t> first_position;

    std::optional<bool> positions_turn;
    std::optional<double> rope_theta;
    std::vector<bool> rotary_layers;          // which layers rotate; empty: all, but for
    std::optional<std::size_t> rotary_pause;  // each such layer, counted from 1 (SmolLM3)
    std::optional<double> window_theta;       // rope_theta of layers with the window, which nothing
                                              // stretches (Gemma 3); absent: as in the others
    std::optional<double> rotary_share;       // of d_head
    std::optional<std::size_t> rotary_dim;    // or in columns
    std::optional<bool> rotary_interleaved;
    RotaryScaling rotary_scaling;
    std::optional<std::size_t> relative_max_distance;
    std::optional<std::size_t> relative_buckets;

    std::optional<std::size_t> window;  // keys that a query sees, itself among them
    std::vector<bool> window_layers;    // which layers have it; empty: as the family does
    std::optional<std::size_t> first_window_layer;
    std::optional<std::size_t> full_period;  // as in Layout, which has it where this is absent
    std::optional<bool> scale_by_layer;      // layer l has 1 / (l + 1) of the scale

    // What is asked for and not computed, told when it is needed: in the attention, in the rest of
    // a block, in the feed-forward part ("activation quick_gelu"). Empty: nothing.
    std::string unknown_attention;
    std::string unknown_block;
    std::string unknown_activation;

    RawKeys raw;
    std::vector<ArrayClaim> claims;
    std::map<std::string, std::string> keys;  // field -> its key in the file
    // For info: what was read ("rms_norm_eps 1e-05"), what the family's configuration has where the
    // file does not say ("sliding_window 4096"), keys that the family never looks at, and keys
    // that are in no list.
    std::vector<std::string> read;
    std::vector<std::string> defaults;
    std::vector<std::string> ignored;
    std::vector<std::string> not_understood;
};

// Throws Error when a value has the wrong type, is out of range, or contradicts another one. What
// is merely not computed is noted in unknown_attention, unknown_block and unknown_activation.
ModelConfig read_model_config(const io::Container& container, const Layout& layout);

}  // namespace attn::model
