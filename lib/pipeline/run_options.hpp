// What a run did with its input, for the manifest: every option with the value that was used, so
// that the result can be made again from the manifest alone.
#pragma once

#include <vector>

#include "pipeline/manifest.hpp"
#include "pipeline/run_inputs.hpp"

namespace attn::pipeline {

template <class T>
std::vector<ManifestOption> describe_options(const RunRequest& request, const RunInputs<T>& inputs);

}  // namespace attn::pipeline
