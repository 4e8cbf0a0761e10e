// What diagnose found, and the JSON that goes with it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/diagnosis.hpp"

namespace attn::results {

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

// "weights", "scores", "output".
const char* word(analysis::Observed kind);

// The axes of what was observed: "seq", "head", "query", "key", or "seq", "query", "column".
std::vector<const char*> axes_of(analysis::Observed kind);

// {"verdict", "observed", "layer", …, "explanations"}; what does not exist is null.
std::string diagnosis_json(const DiagnoseResult& result);

}  // namespace attn::results
