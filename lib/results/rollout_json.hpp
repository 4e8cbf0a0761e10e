// What a rollout says about each target, and the JSON that goes with it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace attn::results {

// Tokens and values, largest first.
using RolloutTop = std::vector<std::pair<std::size_t, double>>;

struct RolloutTarget {
    std::size_t sequence = 0;
    std::optional<std::size_t> head;  // of the last layer, where its heads are kept apart
    std::size_t query = 0;
    RolloutTop top{};        // input tokens
    RolloutTop cross_top{};  // tokens of an encoder; empty: there is none
};

struct RolloutSummary {
    std::string method;
    std::vector<std::size_t> layers;    // that took part
    std::optional<double> specificity;  // 0: all targets read the same
    std::optional<double> flow_saturation;
    std::vector<RolloutTarget> targets;
    std::vector<std::string> warnings;
};

// {"method", "layers", "specificity", "flow_saturation", "targets", "warnings"}; what does not
// exist is null.
std::string rollout_json(const RolloutSummary& summary);

}  // namespace attn::results
