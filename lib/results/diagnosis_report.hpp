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

// An input on which explanations differ that fit equally well, where it was asked for.
struct Probe {
    std::vector<std::string> files;  // paths, of queries, keys and values or of embeddings
    std::vector<std::string> flags;  // that take them: "-q"
    analysis::Observed observe = analysis::Observed::weights;  // what is to be saved there
    double apart = 0;    // how far the explanations are from each other then, of the largest number
    std::string reason;  // why there is none
};

struct DiagnoseResult {
    analysis::Observed kind = analysis::Observed::weights;
    std::size_t layer = 0;             // the one that the diagnosis is of
    bool computes_input = false;       // it reads what the layers before it gave, unrounded
    analysis::Diagnosis diagnosis;     // of several layers that are all correct: of the worst
    std::vector<LayerVerdict> layers;  // empty where one layer was looked at
    std::optional<Probe> probe;
    std::string picture;  // path of the one that was drawn: observed, expected, their difference
};

// "weights", "scores", "output".
const char* word(analysis::Observed kind);

// The axes of what was observed: "seq", "head", "query", "key", or "seq", "query", "column".
std::vector<const char*> axes_of(analysis::Observed kind);

// {"verdict", "observed", "layer", …, "explanations"}; what does not exist is null.
std::string diagnosis_json(const DiagnoseResult& result);

}  // namespace attn::results
