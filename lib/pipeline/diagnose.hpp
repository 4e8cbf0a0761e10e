// From files to a diagnosis: what went into an attention and what came out of some other code.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/diagnosis.hpp"
#include "core/progress.hpp"
#include "core/warn.hpp"
#include "source/computed_request.hpp"

namespace attn::pipeline {

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
    double seconds = 10;  // when they are over the search ends, in each layer; 0: never
};

struct LayerVerdict {
    std::size_t layer = 0;
    bool judged = true;  // else what it read was wrong already
    bool correct = false;
    std::optional<double> residual;  // of the right computation, where it is known
};

struct DiagnoseResult {
    analysis::Observed kind = analysis::Observed::weights;
    std::size_t layer = 0;             // the one that the diagnosis is of
    analysis::Diagnosis diagnosis;     // of several layers that are all correct: of the worst
    std::vector<LayerVerdict> layers;  // empty where one layer was looked at
};

// Throws Error that says which input is missing or does not fit.
DiagnoseResult diagnose(const DiagnoseRequest& request, const Progress& progress, const Warn& warn);

}  // namespace attn::pipeline
