// A small input on which explanations differ that explain an observation equally well.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "io/inputs.hpp"
#include "io/output_guard.hpp"
#include "results/diagnosis_report.hpp"
#include "source/computed_request.hpp"

namespace attn::pipeline {

struct ProbeRequest {
    std::string folder;  // where the input goes
    io::OutputPolicy policy;
    source::ComputedRequest input;  // its embeddings, or queries, keys and values, are replaced
    std::size_t layer = 0;
    analysis::Observed kind = analysis::Observed::weights;  // what was observed; kept if it can be
};

// Writes q.npy, k.npy and v.npy, or x.npy, with random numbers: of a few tokens where the flags let
// it, else of as many as were given. Where fewer than two explanations fit that an input can tell
// apart, or none that was tried does, nothing is written, and the result has the reason. Throws
// Error where the folder may not be written.
results::Probe write_probe(const ProbeRequest& request,
                           const std::vector<analysis::Explanation>& explanations,
                           io::Inputs& files);

}  // namespace attn::pipeline
