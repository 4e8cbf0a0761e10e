// What a run reads: everything is opened, checked against everything else and loaded before the
// first number is computed.
#pragma once

#include <string>
#include <vector>

#include "attention/layer.hpp"
#include "io/inputs.hpp"
#include "model/weight_bundle.hpp"
#include "pipeline/run.hpp"

namespace attn::pipeline {

template <class T>
struct RunInputs {
    // [batch, tokens, d_model]: one for the first layer, or one for each layer (hidden states).
    std::vector<Array<T>> x;
    bool batch_axis = false;
    std::vector<ProjectionWeights<T>> layers;
    std::size_t heads = 1;
    AttentionOptions options;
    std::vector<std::vector<std::string>> tokens;  // one list a sequence, one for all, or none

    std::size_t batch() const { return x.front().extent(0); }
    std::size_t token_count() const { return x.front().extent(1); }
    bool has_hidden_states() const { return x.size() > 1; }
};

// Throws Error that names the array, its shape and what was expected.
template <class T>
RunInputs<T> load_run_inputs(const RunRequest& request, io::Inputs& inputs);

}  // namespace attn::pipeline
