// run --ring: keys and values go round among the ranks, see attention/ring.hpp.
#pragma once

#include "core/communicator.hpp"
#include "pipeline/run.hpp"

namespace attn::pipeline {

// Throws Error that names the flag for what needs whole rows, all tokens of a layer, or more than
// one rank.
void require_ring(const RunRequest& request);

// Of a model, whose ranks have rows of x: throws Error where some would have none.
void require_ring_tokens(std::size_t tokens, const Communicator& ranks);

}  // namespace attn::pipeline
