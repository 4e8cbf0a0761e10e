// The first look at a folder that one of our commands wrote and that holds no attention: what it
// says, and what to do with it.
#pragma once

#include <string>

#include "pipeline/look.hpp"
#include "results/manifest.hpp"

namespace attn::pipeline {

// Whether a run saved its weights, in files of their own or with other arrays.
bool holds_weights(const results::RunManifest& manifest);

// Results of rollout, grad, monitor and of a run without weights are told in their own words, those
// of other commands by name. Problems: arrays with numbers that are not finite, the alarms of
// monitor, the checks of a run that failed. Throws Error for a damaged folder.
LookResult look_at_results(const std::string& folder, const results::RunManifest& manifest);

}  // namespace attn::pipeline
