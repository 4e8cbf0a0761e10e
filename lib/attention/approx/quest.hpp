// Methods that choose whole runs of keys: the pages of Quest (Tang et al. 2024) and the blocks of
// MInference and NSA.
#pragma once

#include <memory>

#include "attention/approx/shapes.hpp"

namespace attn::approx {

// Every row scores pages of keys by the largest score that any key between the page's channel-wise
// least and most could have. A causal row keeps its own page and the best of those before. Options:
// page, pages.
std::unique_ptr<KeptKeys> quest(const Options& options, const HeadInput& head);

// Every block of queries scores blocks of keys, by the product of their means or by the weights
// themselves, and keeps the first `sinks`, causal its own, and the best others. Options: block,
// blocks, estimate (mean, oracle), sinks.
std::unique_ptr<KeptKeys> block_topk(const Options& options, const HeadInput& head);

}  // namespace attn::approx
