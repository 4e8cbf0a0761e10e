// From files to a diagnosis: what went into an attention and what came out of some other code.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/progress.hpp"
#include "core/warn.hpp"
#include "io/output_guard.hpp"
#include "results/diagnosis_report.hpp"
#include "source/computed_request.hpp"

namespace attn::pipeline {

using results::DiagnoseResult;
using results::LayerVerdict;

struct DiagnoseRequest {
    source::ComputedRequest input;
    std::string observed;  // array: weights or scores [(batch,) heads, queries, keys], or the
                           // layer's output [(batch,) queries, d_model]
    std::string axes;      // of observed weights or scores: "batch,heads,q,k"
    std::optional<analysis::Observed> kind;  // without it the shape and the values tell
    // Where weights or scores are of some heads only, or anything of some queries; also what is to
    // be looked at of an array that holds all.
    std::optional<std::vector<std::size_t>> heads, rows;
    // Empty: 0; of an array that holds all layers the first that goes wrong.
    std::optional<std::size_t> layer;
    std::string probe;   // a folder for an input that tells explanations apart; empty: none
    std::string output;  // a folder for a picture of the head that differs most; empty: none
    io::OutputPolicy policy;
    double seconds = 10;  // when they are over the search ends, in each layer; 0: never
};

// Throws Error that says which input is missing or does not fit.
DiagnoseResult diagnose(const DiagnoseRequest& request, const Progress& progress, const Warn& warn);

}  // namespace attn::pipeline
