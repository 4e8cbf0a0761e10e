// Which mistake explains an observation? Every known one is committed on purpose, alone and then in
// pairs, and what comes out is held against what was seen.
#pragma once

#include <string>
#include <vector>

#include "analysis/hypotheses.hpp"
#include "core/progress.hpp"

namespace attn::analysis {

// What another program produced.
enum class Observed { weights, scores, output };

struct Observation {
    Observed kind = Observed::weights;
    // weights and scores [batch, heads, queries, keys]; output [batch, queries, d_model]. In scores
    // -inf and anything below -1e4 is a mask.
    Array<double> values;
};

struct Explanation {
    std::vector<const Hypothesis*> mistakes;  // none: the computation is right
    double residual = 0;  // largest distance from the observation; of scores and outputs relative
                          // to their largest value
    std::string detail;   // what was estimated: "scale 0.25"
};

struct Diagnosis {
    bool correct = false;
    std::string precision;  // "float16", "bfloat16": what the values were rounded to
    double tolerance = 0;   // residuals up to here explain the observation
    std::vector<Explanation>
        explanations;  // that fit; when there are none the nearest few; best first
};

// The shapes must fit. Pairs are tried only when nothing else fits.
Diagnosis diagnose(const DenseInputs& inputs, const Observation& observation,
                   const Progress& progress);

}  // namespace attn::analysis
