// Which input tokens is each token made of: attention rolled out over the layers of a source.
#pragma once

#include <string>
#include <vector>

#include "core/progress.hpp"
#include "core/warn.hpp"
#include "pipeline/rollout_request.hpp"
#include "results/rollout_json.hpp"

namespace attn::pipeline {

// The whole matrix is made up to so many tokens where nobody asks for targets or sources.
constexpr std::size_t kMostWholeTokens = 4096;

struct RolloutResult {
    results::RolloutSummary summary;
    bool batch = false;  // more than one sequence
    // Labels of the tokens: one list a sequence, one for all, or none.
    std::vector<std::vector<std::string>> queries;
    std::vector<std::vector<std::string>> keys;
    std::vector<std::vector<std::string>> encoder_keys;  // with --cross
    std::vector<std::string> files;                      // that were written, with their folder
};

// Computes, and writes the folder where one was asked for, whole or not at all. `warn` is told what
// is allowed but probably not meant. Throws Error for anything wrong with the input or the disk.
RolloutResult rollout(const RolloutRequest& request, const Progress& progress, const Warn& warn);

}  // namespace attn::pipeline
