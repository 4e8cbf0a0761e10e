// grad --verify: gradients against central differences, in float64.
#pragma once

#include <vector>

#include "core/array.hpp"
#include "core/communicator.hpp"
#include "io/inputs.hpp"
#include "results/gradient_report.hpp"
#include "source/computed_request.hpp"
#include "source/upstream.hpp"

namespace attn::pipeline {

// Moves `entries` entries of the embeddings (always the same ones) up and down by 1e-5 * max(1,
// |x|), computes the loss forwards in float64 and compares the slope with the gradient, which is
// computed in float64 too. An error is relative to the entry's own gradient or to the root mean
// square of all, whichever is larger. `written`: the gradients of the embeddings that the command
// gives, one for each array of them, which are compared with those of float64 by their norms.
// Throws Error for input that has no embeddings.
results::GradientCheck check_gradients(const source::ComputedRequest& request,
                                       const source::Upstream& upstream, std::size_t entries,
                                       const std::vector<Array<double>>& written,
                                       io::Inputs& inputs, const Communicator& ranks = {});

}  // namespace attn::pipeline
