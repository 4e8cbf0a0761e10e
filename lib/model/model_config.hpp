// What a checkpoint says about itself in config.json, whatever its family calls it.
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

namespace attn::model {

// Absent: the file does not say.
struct ModelConfig {
    std::string model_type;
    std::optional<std::size_t> heads;
    std::optional<std::size_t> kv_heads;
    std::optional<std::size_t> d_head;
    std::optional<std::size_t> layers;
    std::optional<std::size_t> d_model;
    std::optional<std::size_t> vocabulary;

    std::optional<bool> causal;
    std::optional<double> scale;
    std::optional<double> softcap;
    std::optional<double> logit_softcap;
    std::optional<double> epsilon;
    std::optional<NormKind> norm;
    std::optional<Activation> activation;
    std::optional<bool> parallel;
    std::optional<bool> norm_first;
    std::optional<std::size_t> first_position;

    std::optional<bool> positions_turn;
    std::optional<double> rope_theta;
    std::optional<double> rotary_share;     // of d_head
    std::optional<std::size_t> rotary_dim;  // or in columns
    std::optional<bool> rotary_interleaved;
    RotaryScaling rotary_scaling;
    std::optional<std::size_t> relative_max_distance;

    std::optional<std::size_t> window;  // keys that a query sees, itself among them
    std::vector<bool> window_layers;    // which layers have it; empty: as the family does
    std::optional<std::size_t> first_window_layer;

    // What is asked for and not computed, told when it is needed: "activation quick_gelu".
    std::string unknown_activation;
    std::string unknown_attention;

    std::map<std::string, std::string> keys;  // field -> its key in the file, for messages
};

// Throws Error when a value has the wrong type or is out of range.
ModelConfig read_model_config(const io::Container& container);

}  // namespace attn::model
