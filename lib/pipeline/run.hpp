// The main job: embeddings and weights in; scores, weights, contexts, outputs and pictures out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/progress.hpp"
#include "io/output_guard.hpp"
#include "pipeline/attention_options.hpp"
#include "pipeline/attention_request.hpp"
#include "pipeline/heatmap_options.hpp"
#include "pipeline/layout.hpp"
#include "pipeline/manifest.hpp"
#include "pipeline/save_choice.hpp"

namespace attn::pipeline {

enum class Precision { f32, f64 };

struct RunRequest {
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

    std::string tokens;      // labels; empty: from the weights file, or none
    std::string key_tokens;  // labels of keys where they are not the queries
    AttentionRequest attention;
    Precision precision = Precision::f32;
    bool allow_nonfinite = false;

    std::string output;  // folder
    io::OutputPolicy policy;
    SaveChoice save;
    std::string grid;  // of the keys, for stats; see StatsRequest
    ArrayFormat format = ArrayFormat::npy;
    std::optional<std::vector<std::size_t>> layers;          // to save and draw; empty: all
    std::optional<std::vector<std::size_t>> selected_heads;  // likewise
    HeatmapOptions heatmaps;
};

// Computes every layer and writes the folder, whole or not at all. Returns what the folder's
// manifest says. `warn` is told what is allowed but probably not meant. Throws Error for anything
// wrong with the input or the disk.
RunManifest run(const RunRequest& request, const Progress& progress, const Warn& warn);

}  // namespace attn::pipeline
