// The main job: embeddings and weights in; scores, weights, contexts, outputs and pictures out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/progress.hpp"
#include "pipeline/heatmap_options.hpp"
#include "pipeline/manifest.hpp"

namespace attn::pipeline {

enum class Precision { f32, f64 };

// What --save lists.
struct SaveChoice {
    bool scores = true;
    bool weights = true;
    bool context = false;
    bool output = true;
    bool q = false;
    bool k = false;
    bool v = false;
    bool heatmaps = true;
};

// "scores,weights,…" Throws Error for a name that is unknown or not built yet.
SaveChoice parse_save(const std::string& list);

struct RunRequest {
    std::string embeddings;  // array [tokens, d_model] or [batch, tokens, d_model]; empty: from the
                             // weights file
    std::string hidden_states;  // array [layers, (batch,) tokens, d_model]; instead of embeddings
    std::string weights;        // file or folder
    std::string tokens;         // labels; empty: from the weights file, or none

    // Without a value the weights file decides, else the default of each.
    std::optional<std::size_t> heads;
    std::optional<bool> causal;
    std::optional<double> scale;
    Precision precision = Precision::f32;
    bool allow_nonfinite = false;

    std::string output;  // folder
    SaveChoice save;
    std::optional<std::vector<std::size_t>> layers;          // to save and draw; empty: all
    std::optional<std::vector<std::size_t>> selected_heads;  // likewise
    HeatmapOptions heatmaps;
};

// Computes every layer and writes the folder, whole or not at all. Returns what the folder's
// manifest says. Throws Error for anything wrong with the input or the disk.
RunManifest run(const RunRequest& request, const Progress& progress);

}  // namespace attn::pipeline
