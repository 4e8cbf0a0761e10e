// Which mistake explains an observation? Every known one is committed on purpose, alone and then in
// pairs, and what comes out is held against what was seen.
#pragma once

#include <string>
#include <vector>

#include "analysis/hypotheses.hpp"
#include "analysis/observation.hpp"
#include "core/progress.hpp"

namespace attn::analysis {

struct Explanation {
    std::vector<const Hypothesis*> mistakes;  // none: the computation is right
    double residual = 0;   // largest distance from the observation; of scores and outputs relative
                           // to their largest value
    double tolerance = 0;  // up to here it explains the observation
    std::string detail;    // what was estimated: "scale 0.25"

    bool fits() const { return residual <= tolerance; }
};

struct Diagnosis {
    bool correct = false;
    std::string precision;  // "float16", "bfloat16": what the values were rounded to
    double tolerance = 0;   // of the right computation and of mistakes that are exact
    std::vector<Explanation>
        explanations;  // that fit; when there are none the nearest few; best first

    Misfit misfit;  // of the right computation

    bool explained() const { return !explanations.empty() && explanations.front().fits(); }
};

// The shapes must fit. Pairs are tried only when nothing else fits, rounding only when no pair
// does.
Diagnosis diagnose(const DenseInputs& inputs, const Observation& observation,
                   const Progress& progress);

}  // namespace attn::analysis
