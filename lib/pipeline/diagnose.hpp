// From files to a diagnosis: what went into an attention and what came out of some other code.
#pragma once

#include <optional>
#include <string>

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
    std::size_t layer = 0;
    double seconds = 10;  // when they are over the search ends; 0: never
};

struct DiagnoseResult {
    analysis::Observed kind;
    analysis::Diagnosis diagnosis;
};

// Throws Error that says which input is missing or does not fit.
DiagnoseResult diagnose(const DiagnoseRequest& request, const Progress& progress, const Warn& warn);

}  // namespace attn::pipeline
