// The main job: embeddings and weights in; scores, weights, contexts, outputs and pictures out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/communicator.hpp"
#include "core/progress.hpp"
#include "core/warn.hpp"
#include "io/output_guard.hpp"
#include "results/folder_layout.hpp"
#include "results/heatmap_options.hpp"
#include "results/manifest.hpp"
#include "results/outputs.hpp"
#include "source/computed_request.hpp"

namespace attn::pipeline {

struct RunRequest {
    source::ComputedRequest input;

    std::string output;  // folder
    io::OutputPolicy policy;
    results::SaveChoice save;
    std::string norm_weight;  // of the LayerNorm behind the residual, for what the values add
    std::string norm_bias;
    bool verify = false;  // compare a sample with the definition
    std::string grid;     // of the keys, for stats; see StatsRequest
    results::ArrayFormat format = results::ArrayFormat::npy;
    std::optional<std::vector<std::size_t>> layers;  // to save and draw; empty: all
    std::optional<std::vector<std::size_t>> heads;   // likewise
    results::HeatmapOptions heatmaps;
    Communicator ranks = {};  // that run it together
    bool resume = false;      // go on where a run that was killed stopped; see run_journal.hpp
    bool ring = false;        // keys and values go round among the ranks; see ring_run.hpp
};

// Computes every layer and writes the folder, whole or not at all. Returns what the folder's
// manifest says; its verification may have failed. `warn` is told what is allowed but probably not
// meant. Throws Error for anything wrong with the input or the disk.
results::RunManifest run(const RunRequest& request, const Progress& progress, const Warn& warn);

}  // namespace attn::pipeline
