// How much each head means to an upstream gradient (Michel et al. 2019), for choosing heads to
// drop.
#pragma once

#include "analysis/head_numbers.hpp"
#include "core/communicator.hpp"
#include "core/progress.hpp"
#include "io/inputs.hpp"
#include "source/computed_source.hpp"
#include "source/upstream.hpp"

namespace attn::pipeline {

// Asks for what the forward pass must give for gradients. Throws Error for q, k and v of a run.
void ask_for_gradients(const source::Upstream& upstream, source::ComputedRequest& input);

// abs(Σ context * its gradient) of every (layer, sequence, head), as grad measures it, which ranks
// divide. Throws Error for an upstream that does not fit the source.
template <class T>
analysis::HeadNumbers head_importance(const source::ComputedSource<T>& source, io::Inputs& files,
                                      const source::Upstream& upstream, const Communicator& ranks,
                                      const Progress& progress);

}  // namespace attn::pipeline
