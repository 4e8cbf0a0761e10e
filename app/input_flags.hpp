// The flags that say what attention is computed from.
#pragma once

#include "flags.hpp"

#include "pipeline/run.hpp"

namespace attn::app {

// --embeddings, --weights, --layout, --context, --hidden-states, --token-ids, --query, --key,
// --value, --allow-nonfinite.
void add_input_flags(Command& command, pipeline::RunRequest& request);

}  // namespace attn::app
