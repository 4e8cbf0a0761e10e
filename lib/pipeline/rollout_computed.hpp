// The attention of a model, computed and kept: what rollout multiplies where nobody saved it.
#pragma once

#include "core/progress.hpp"
#include "core/warn.hpp"
#include "io/inputs.hpp"
#include "pipeline/rollout_product.hpp"
#include "pipeline/rollout_request.hpp"

namespace attn::pipeline {

// Where rows or columns are all that is asked for: what computes them block by block; see
// rollout_streamed.hpp. Else all layers that take part, in memory: weights of the heads; for
// --method contributions one matrix of shares a layer. `inputs` must outlive it. Throws Error for
// what cannot be computed, and where the matrices are larger than the memory.
template <class T>
RolloutParts<T> compute_rollout_parts(const RolloutRequest& request, io::Inputs& inputs,
                                      const Warn& warn, const Progress& progress);

}  // namespace attn::pipeline
