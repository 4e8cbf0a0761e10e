// The attention of a model, computed and kept: what rollout multiplies where nobody saved it.
#pragma once

#include "core/progress.hpp"
#include "core/warn.hpp"
#include "io/inputs.hpp"
#include "pipeline/rollout_request.hpp"
#include "pipeline/rollout_stack.hpp"

namespace attn::pipeline {

// All layers that take part, in memory: weights of the heads; for --method contributions one matrix
// of shares a layer. Throws Error for what cannot be computed, and where the matrices are larger
// than the memory.
template <class T>
RolloutStack<T> compute_rollout_source(const RolloutRequest& request, io::Inputs& inputs,
                                       const Warn& warn, const Progress& progress);

}  // namespace attn::pipeline
