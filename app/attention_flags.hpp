// The flags that say how scores become weights.
#pragma once

#include <string>

#include "flags.hpp"

#include "source/attention_request.hpp"

namespace attn::app {

// Who may attend: --causal, --query-offset, --window, --mask, --mask-true, --key-lengths.
void add_mask_flags(Command& command, source::AttentionRequest& request);

// Adds all flags; the request is complete when parsing is.
// `scale`: what the factor of the scores is called, where --scale is that of colours.
void add_attention_flags(Command& command, source::AttentionRequest& request,
                         const std::string& scale = "--scale");

}  // namespace attn::app
