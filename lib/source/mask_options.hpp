// From the flags that say who may attend, and from --bias, to what the computation takes. The one
// place where they are read, whatever the command.
#pragma once

#include <string>

#include "attention/mask.hpp"
#include "io/inputs.hpp"
#include "source/attention_request.hpp"
#include "source/mask_axes.hpp"

namespace attn::source {

// Who may attend: causality, offsets, windows, lengths and the mask array. `known` holds where no
// flag says otherwise; --query-offset end counts from the key lengths of either. Throws Error that
// names the flag, what was found and what was expected.
template <class T>
MaskOptions<T> load_mask_options(const AttentionRequest& request, const AttentionSizes& sizes,
                                 const MaskStructure& known, io::Inputs& inputs, const Warn& warn);

// What --bias adds to the scores; empty without it. Throws Error as above.
template <class T>
Broadcast<T> load_bias(const std::string& name, const AttentionSizes& sizes, io::Inputs& inputs,
                       io::NonFinite non_finite, const Warn& warn);

}  // namespace attn::source
