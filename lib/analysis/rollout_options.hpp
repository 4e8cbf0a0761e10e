// How the heads and layers of a model become one matrix: what rollout can be asked for.
#pragma once

namespace attn::analysis {

enum class Fuse { mean, max, min, per_head };
enum class FirstKey { keep, residual, drop };
enum class DiscardScope { matrix, row };
enum class Renormalise { after, before, none };

// What is fused: weights; max(0, mean of gradient * weights); mean of max(0, gradient * weights),
// which is added to the identity (Chefer et al. 2021); or the same of cross-attention, which is
// not.
enum class Fused { weights, gradient, relevance, crossed_relevance };

struct RolloutOptions {
    Fused fused = Fused::weights;
    Fuse fuse = Fuse::mean;
    FirstKey first_key = FirstKey::keep;
    double discard = 0;  // share of the cells that become 0, below 1
    DiscardScope discard_scope = DiscardScope::matrix;
    double residual = 0.5;  // share of the identity, 0 … 1
    Renormalise renormalise = Renormalise::after;
    bool own_cell = false;  // each row has a cell of its own, even where the mask forbids it
};

}  // namespace attn::analysis
