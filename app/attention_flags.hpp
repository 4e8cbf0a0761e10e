// The flags that say how scores become weights.
#pragma once

#include "flags.hpp"

#include "source/attention_request.hpp"

namespace attn::app {

// Who may attend: --causal, --query-offset, --window, --mask, --mask-true, --key-lengths.
void add_mask_flags(Command& command, source::AttentionRequest& request);

// Adds all flags; the request is complete when parsing is.
void add_attention_flags(Command& command, source::AttentionRequest& request);

}  // namespace attn::app
