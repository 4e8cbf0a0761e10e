// Numbers of a mistake that only the observation tells: which scale, which sinks, how much dropout.
#pragma once

#include "analysis/dense_attention.hpp"
#include "analysis/observation.hpp"

namespace attn::analysis {

// The factor between products of queries and keys, and the scores behind the observed weights or
// scores. `mistakes` are those that were made besides; `attention` was computed with them, but
// with masked scores of -inf and not transposed.
double estimate_scale(const DenseAttention& attention, const Observation& observation,
                      const Mistakes& mistakes);

// The logit of each head's sink whose column was dropped from the observed weights. `attention` is
// what was computed without sinks; `drops`: dropout was on, too.
std::vector<double> estimate_sinks(const DenseAttention& attention, const Observation& observation,
                                   const Mistakes& mistakes, bool drops);

struct Dropout {
    double probability = 0;
    double residual = kNoMatch;
};

// When every observed weight is zero or 1 / (1 - p) of what is expected.
Dropout fit_dropout(const Array<double>& expected, const Observation& observation);

}  // namespace attn::analysis
