// The inputs of a run that projects: a checkpoint, and embeddings, hidden states or token ids.
#pragma once

#include "pipeline/run_inputs.hpp"

namespace attn::pipeline {

// All but the options of the attention (whose request is completed by what the checkpoint says) and
// the labels. Throws Error as load_run_inputs.
template <class T>
RunInputs<T> load_with_weights(const RunRequest& request, io::Inputs& inputs);

}  // namespace attn::pipeline
