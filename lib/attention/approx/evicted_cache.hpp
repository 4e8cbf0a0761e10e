// A cache that is cut once, after a prompt: which of its keys are kept for the rows behind it
// (SnapKV, TOVA, H2O's sums, KeyDiff and others as scores).
#pragma once

#include <memory>
#include <vector>

#include "attention/approx/shapes.hpp"

namespace attn::approx {

// The keys of the prompt are those before row `prefill` stands; 1 for those that are kept. One set
// for all heads of a group, by the mean of their scores. Options: budget, prefill, score, sinks,
// recent, observe, pool, seed.
std::vector<std::uint8_t> kept_of_prompt(const Options& options, const HeadInput& head);

// Rows behind the prompt see those and all later keys; only these rows are measured.
std::unique_ptr<KeptKeys> evicted_cache(const Options& options, const HeadInput& head);

}  // namespace attn::approx
