// The heavy hitter cache (Zhang et al. 2023): keys that received much attention so far stay, and
// the latest ones.
#pragma once

#include <memory>

#include "attention/approx/shapes.hpp"

namespace attn::approx {

// Row by row: the query's own key joins the cache; while it holds more than heavy + recent keys,
// the one with the smallest sum of implied weights leaves, of all but the `recent` latest.
std::unique_ptr<KeptKeys> h2o_cache(const Options& options, const HeadInput& head);

}  // namespace attn::approx
