// The flags that say what attention is computed from.
#pragma once

#include "flags.hpp"

#include "source/computed_request.hpp"

namespace attn::app {

// What attention is computed from: embeddings and weights or projected heads; or embeddings alone,
// where the command has weights of its own.
enum class InputKind { any, embeddings };

// --embeddings, --weights, --layout, --context, --hidden-states, --token-ids, --query, --key,
// --value, --allow-nonfinite.
void add_input_flags(Command& command, source::ComputedRequest& request,
                     InputKind kind = InputKind::any);

}  // namespace attn::app
