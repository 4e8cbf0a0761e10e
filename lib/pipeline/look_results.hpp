// The first look at a folder that one of our commands wrote and that holds no attention: what it
// says, and what to do with it.
#pragma once

#include <string>

#include "pipeline/look.hpp"
#include "results/manifest.hpp"

namespace attn::pipeline {

// Of rollout, grad and monitor in their own words, of other commands by name. Problems: arrays with
// numbers that are not finite, and the alarms of monitor. Throws Error for a damaged folder.
LookResult look_at_results(const std::string& folder, const results::RunManifest& manifest);

}  // namespace attn::pipeline
