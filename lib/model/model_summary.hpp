// A checkpoint in words: what was recognised in it, and from what.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/weight_bundle.hpp"

namespace attn::model {

struct ModelSummary {
    std::string layout;  // "gpt2"
    std::string title;   // "GPT-2 (Conv1D)"
    std::size_t layers = 0;
    std::size_t d_model = 0;
    std::optional<LayerSizes> sizes;  // absent where nothing says how many heads there are
    bool embeds_tokens = false;       // it holds a table of tokens, so that --token-ids are enough
    // Why the layers behind the first cannot be computed from its input; empty where they can.
    std::string only_first_layer;
    // What the computation will do, as ("positions", "rotary, pairs k and k + d/2, theta 10000").
    std::vector<std::pair<std::string, std::string>> notes;
    std::vector<std::string> missing;    // of the family, in this file
    std::vector<std::string> left_over;  // keys that the family does not know
    std::vector<std::string> unused;     // keys of the file that mean nothing to us
};

ModelSummary summarise(const WeightBundle& bundle);

}  // namespace attn::model
