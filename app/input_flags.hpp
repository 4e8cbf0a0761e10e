// The flags that say what attention is computed from.
#pragma once

#include <CLI/CLI.hpp>

#include "pipeline/run.hpp"

namespace attn::app {

// --embeddings, --weights, --layout, --context, --hidden-states, --token-ids, --query, --key,
// --value, --allow-nonfinite.
void add_input_flags(CLI::App& command, pipeline::RunRequest& request);

}  // namespace attn::app
