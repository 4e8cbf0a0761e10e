// Which input tokens is each token made of? What is asked, and what is found.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/rollout_options.hpp"
#include "core/communicator.hpp"
#include "io/output_guard.hpp"
#include "results/heatmap_options.hpp"
#include "results/rollout_json.hpp"
#include "source/attention_request.hpp"
#include "source/computed_request.hpp"
#include "source/source_selection.hpp"

namespace attn::pipeline {

enum class RolloutMethod { attention, flow, relevance, gradient_rollout, contributions };

// "attention", "gradient-rollout", in the order of the help.
const std::vector<std::string>& rollout_method_names();
const std::string& name_of(RolloutMethod method);

// What the folder gets beside what flags ask for by name.
struct RolloutSave {
    bool rollout = true;
    bool layers = false;
    bool heatmaps = true;
};

// "rollout,layers,heatmaps". Throws Error for an unknown name, with the nearest.
RolloutSave parse_rollout_save(const std::string& list);
const std::vector<std::string>& rollout_save_names();

// Without a value an option has its default; what the method leaves no say is refused.
struct RolloutRequest {
    source::SourceRequest from;
    source::ComputedRequest computed;    // instead of a source, where that has no name
    source::AttentionRequest attention;  // who may attend; how the computed attends
    RolloutMethod method = RolloutMethod::attention;

    std::optional<analysis::Fuse> fuse;
    std::string head_weights;  // array [layers, heads]
    std::optional<double> residual;
    bool no_residual = false;
    std::optional<analysis::Renormalise> renormalise;
    std::optional<double> discard;
    std::optional<analysis::DiscardScope> discard_scope;
    std::optional<analysis::FirstKey> first_key;
    std::optional<std::size_t> start_layer;

    std::optional<std::vector<std::size_t>> targets;
    bool last_target = false;
    std::optional<std::vector<std::size_t>> sources;
    bool uniform_baseline = false;
    bool normalise = false;  // rows of flows divided by their sums

    std::string cross;    // attention of the decoder to the encoder
    std::string encoder;  // attention of the encoder to itself
    std::string gradients;
    std::string cross_gradients;
    std::string encoder_gradients;

    std::string grid;
    std::string image;  // PNG or JPEG under the patches of the grid
    std::size_t top = 5;
    std::string output;  // folder; empty: nothing is written
    io::OutputPolicy policy;
    Communicator ranks = {};  // that roll sequences out together; not with `save.layers`
    RolloutSave save;
    results::HeatmapOptions heatmaps;

    bool is_computed() const { return from.source.empty(); }
    // Whether any of what was saved is an array, whose axes can be named, and no folder.
    bool reads_arrays() const;
    // SOURCE; beside --cross labels of keys are those of the encoder's tokens.
    source::SourceRequest of_decoder() const {
        source::SourceRequest own = from;
        if (!cross.empty()) own.key_tokens.clear();
        return own;
    }
    analysis::RolloutOptions options() const;
};

// Throws Error that names the flag which the method, or another flag, leaves nothing to do.
void require_rollout_sense(const RolloutRequest& request);

}  // namespace attn::pipeline
