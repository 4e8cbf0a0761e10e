// What attention is computed from, as it was asked for, before any file was read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/inputs.hpp"
#include "source/attention_request.hpp"
#include "source/saved_heads.hpp"

namespace attn::source {

enum class Precision { f32, f64 };

struct ComputedRequest {
    // Embeddings [tokens, d_model] or [batch, tokens, d_model] and a file or folder of weights;
    // without embeddings those in the weights file.
    std::string embeddings;
    std::string hidden_states;  // [layers, (batch,) tokens, d_model]; instead of embeddings
    std::string token_ids;  // [tokens] or [batch, tokens]; likewise, for checkpoints with tables
    std::string token_type_ids;  // of the same shape; empty: all 0
    // What a checkpoint leaves open, or says otherwise.
    bool norm_first = false;
    std::string activation;  // "gelu"
    std::optional<double> norm_epsilon;
    std::string layout;   // family of the checkpoint; empty: as its names say
    std::string context;  // embeddings that keys and values are made from
    std::string weights;
    // Or heads that are already projected: [(batch,) heads, n, d], or [(batch,) n, heads * d] where
    // the number of heads is given.
    std::string query;
    std::string key;
    std::string value;
    std::optional<SavedHeads> saved;  // or those that a run saved, of one layer or more

    std::string tokens;      // labels; empty: from the weights file, or none
    std::string key_tokens;  // labels of keys where they are not the queries
    AttentionRequest attention;
    Precision precision = Precision::f32;
    bool allow_nonfinite = false;

    // What will be asked of the source, so that what is missing for it is said before the first
    // number is computed.
    std::optional<std::vector<std::size_t>> layers;         // empty: all
    std::string asked_by = "--save hidden, logits, probs";  // for messages about these:
    bool hidden = false;                                    // what the blocks give
    bool logits = false;

    // Whether something behind the last attention is asked for.
    bool model_output() const { return hidden || logits; }
    io::NonFinite non_finite() const {
        return allow_nonfinite ? io::NonFinite::allow : io::NonFinite::refuse;
    }
};

}  // namespace attn::source
