// The inputs of a run that projects: a checkpoint, and embeddings, hidden states or token ids.
#pragma once

#include "source/computed_inputs.hpp"

namespace attn::source {

// All but the options of the attention (whose request is completed by what the checkpoint says) and
// the labels. Throws Error as load_computed_inputs.
template <class T>
ComputedInputs<T> load_with_weights(const ComputedRequest& request, io::Inputs& inputs);

}  // namespace attn::source
