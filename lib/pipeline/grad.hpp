// grad: gradients through attention, from an upstream gradient back to the input, with the numbers
// that say whether they pass.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/communicator.hpp"
#include "core/progress.hpp"
#include "core/warn.hpp"
#include "io/output_guard.hpp"
#include "results/gradient_outputs.hpp"
#include "results/gradient_report.hpp"
#include "source/computed_request.hpp"
#include "source/upstream.hpp"

namespace attn::pipeline {

struct GradRequest {
    source::ComputedRequest input;
    source::Upstream upstream;

    std::string output;  // folder; empty: nothing is written
    io::OutputPolicy policy;
    std::optional<results::GradientChoice> save;     // empty: the usual ones
    std::optional<std::vector<std::size_t>> layers;  // to report and save; empty: all
    std::optional<std::vector<std::size_t>> heads;   // likewise
    std::optional<double> clip;                      // largest global norm
    bool spectral = false;
    std::optional<std::size_t> verify;  // entries to try by central differences
    std::string command;                // that makes the same again, for pictures
    Communicator ranks = {};            // that compute it together
};

struct GradResult {
    results::GradientReport report;
    std::vector<std::string> files;  // that were written, manifest.json among them
};

// Computes forwards and backwards and writes the folder, whole or not at all. `warn` is told what
// is allowed but probably not meant. Throws Error for anything wrong with the input or the disk.
GradResult grad(const GradRequest& request, const Progress& progress, const Warn& warn);

}  // namespace attn::pipeline
