// run --ring: keys and values go round among the ranks, see attention/ring.hpp.
#pragma once

#include "attention/ring.hpp"
#include "pipeline/run.hpp"

namespace attn::pipeline {

// Throws Error that names the flag for what needs whole rows, all tokens of a layer, or more than
// one rank.
void require_ring(const RunRequest& request);

}  // namespace attn::pipeline
