// Who may attend in attention that somebody saved: what its source says, and flags, which win.
#pragma once

#include "attention/mask.hpp"
#include "core/warn.hpp"
#include "io/inputs.hpp"
#include "source/attention_request.hpp"
#include "source/stored_source.hpp"

namespace attn::source {

// A window among the flags is meant for all layers: layers with one of their own lose it. The
// attention's structure stays what the source says. Throws Error as load_mask_options does.
template <class T>
MaskOptions<T> load_stored_mask(const AttentionRequest& request, StoredAttention<T>& attention,
                                io::Inputs& inputs, const Warn& warn);

}  // namespace attn::source
