// Which mistake explains an observation? Every known one is committed on purpose, alone, then in
// pairs, and the common ones in threes; what comes out is held against what was seen: first on a
// sample, which rules most of them out, then on everything.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analysis/differences.hpp"
#include "analysis/trial.hpp"
#include "core/progress.hpp"

namespace attn::analysis {

// One whose inputs are those of another layer.
struct OtherLayer {
    std::size_t layer = 0;
    double residual = 0;
};

struct DiagnosisOptions {
    double seconds = 0;  // when they are over the search ends; 0: never
    Progress progress;
    // Asked where no single mistake fits: the layer whose right attention was observed.
    std::function<std::optional<OtherLayer>()> find_layer;
};

// What the time was too short for.
struct Untried {
    std::vector<std::vector<const Hypothesis*>> mistakes;     // not looked at
    std::vector<std::vector<const Hypothesis*>> unconfirmed;  // explain the sample

    bool empty() const { return mistakes.empty() && unconfirmed.empty(); }
};

struct Diagnosis {
    bool correct = false;
    double error = 0;       // residual of the right computation
    std::string precision;  // "float16", "bfloat16": what the values were rounded to
    double tolerance = 0;   // of the right computation and of mistakes that are exact
    // That fit; when there are none the nearest few, if any is near; best first.
    std::vector<Explanation> explanations;
    bool sampled = false;  // residuals of the nearest are those of a sample

    NonFinite non_finite;     // of what was observed
    bool constant = false;    // all that was observed is one and the same number
    Differences differences;  // from the right computation
    Differing differing;      // sequences and heads
    // "float16", "bfloat16": the error of the right computation is no larger than rounding to it
    // everywhere makes it, and is not that; else empty.
    std::string size_of_rounding;
    Untried untried;

    bool explained() const { return !explanations.empty() && explanations.front().fits(); }
};

// How much of the largest error an explanation takes away, from 0 to 1.
double explained_share(const Diagnosis& diagnosis, const Explanation& explanation);

// The residual of the right computation, where that fits the observation.
std::optional<double> fits_right(const DenseInputs& inputs, const Observation& observation);

// The shapes must fit. Pairs are tried only when nothing else fits, rounding only when no pair
// does. The right computation is always compared in full, whatever time it takes. Without a limit
// of time the result depends on nothing but the input.
Diagnosis diagnose(const DenseInputs& inputs, const Observation& observation,
                   const DiagnosisOptions& options);

}  // namespace attn::analysis
