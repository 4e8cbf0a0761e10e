// What a rollout is called: in titles, names of files and the manifest.
#pragma once

#include <string>
#include <vector>

#include "analysis/row_sum_watch.hpp"
#include "pipeline/rollout_request.hpp"
#include "results/manifest.hpp"

namespace attn::pipeline {

// What rollouts are not (Jain & Wallace 2019; Wiegreffe & Pinter 2019); below every picture.
inline constexpr const char* kRoutingNote = "how attention routes inputs, not how much they matter";

// "rollout", "relevance".
std::string array_name_of(RolloutMethod method);

// Beside the colours: "share of the input".
std::string value_name_of(RolloutMethod method);

// "attention rollout: mean of 12 heads, residual 0.5".
std::string rollout_title(const RolloutRequest& request, std::size_t heads);

// What was asked for, for the manifest.
std::vector<results::ManifestOption> rollout_manifest_options(const RolloutRequest& request);

// Which row of saved weights is far from a sum of one.
std::string doubt_of_row(const std::string& source, const analysis::FarRow& row, bool batch);

// Three digits.
std::string short_number(double value);

// Says that there are more ranks than sequences.
std::string idle_ranks_text(const std::string& source, std::size_t sequences, std::size_t ranks);

}  // namespace attn::pipeline
