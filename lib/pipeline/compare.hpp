// Two attentions side by side, head by head: both saved, or one of them computed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/difference.hpp"
#include "core/communicator.hpp"
#include "core/progress.hpp"
#include "io/output_guard.hpp"
#include "results/comparison.hpp"
#include "source/computed_request.hpp"
#include "source/mask_options.hpp"

namespace attn::pipeline {

using results::CompareResult;
using results::HeadDifference;

struct CompareRequest {
    std::string a;  // folders that run wrote, or arrays; see stored_source.hpp
    std::string b;  // likewise; empty: what `computed` gives
    source::ComputedRequest computed;
    std::string axes;    // of arrays: "batch,heads,q,k"; empty: the usual ones
    std::string axes_b;  // of B, where they are not those of A
    analysis::Tolerance tolerance;
    std::optional<DType> precision;  // float32 or float64; without it the wider of both
    // A folder for a picture of each head, see difference_picture.hpp; empty: none.
    std::string output;
    io::OutputPolicy policy;
    Communicator ranks = {};  // that compare them together
};

// In double where either side holds float64, else in float; the precision that was asked for wins.
// Throws Error when the shapes do not match, or no head is in both. `warn` is told how a source was
// read where it could be read otherwise.
CompareResult compare(const CompareRequest& request, const Progress& progress, const Warn& warn);

}  // namespace attn::pipeline
