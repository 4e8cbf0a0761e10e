// The flags that say what attention is computed from.
#pragma once

#include "flags.hpp"

#include "source/computed_request.hpp"

namespace attn::app {

// --embeddings, --weights, --layout, --context, --hidden-states, --token-ids, --query, --key,
// --value, --allow-nonfinite.
void add_input_flags(Command& command, source::ComputedRequest& request);

}  // namespace attn::app
