// What a checkpoint does not tell about itself: what flags say in its place, and what is assumed
// where nobody says anything.
#pragma once

#include <optional>
#include <string>

#include "model/weight_bundle.hpp"

namespace attn::model {

// Flags that win over config.json.
struct BlockFlags {
    bool norm_first = false;
    std::string activation;
    std::optional<double> epsilon;
};

// Throws Error that names a flag which the family has no use for, or an activation that is not
// known.
void apply(const BlockFlags& flags, WeightBundle& bundle);

// Whether a norm stands in the first layer's block.
bool has_norms(const WeightBundle& bundle);

// "norms behind attention and feed-forward (--norm-first), epsilon 1e-05 (--norm-eps)"; empty where
// the file, its config.json or the family's own configuration says it all. `whole_blocks`: the
// feed-forward part is computed as well.
std::string assumptions(const WeightBundle& bundle, bool whole_blocks);

}  // namespace attn::model
