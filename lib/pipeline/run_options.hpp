// What a run did with its input, for the manifest: every option with the value that was used, so
// that the result can be made again from the manifest alone.
#pragma once

#include <vector>

#include "pipeline/run.hpp"
#include "results/manifest.hpp"
#include "source/computed_inputs.hpp"

namespace attn::pipeline {

// The options of what attention is computed from, the same for every command that computes it.
template <class T>
std::vector<results::ManifestOption> describe_input_options(
    const source::ComputedRequest& request, const source::ComputedInputs<T>& inputs);

template <class T>
std::vector<results::ManifestOption> describe_options(const RunRequest& request,
                                                      const source::ComputedInputs<T>& inputs);

}  // namespace attn::pipeline
