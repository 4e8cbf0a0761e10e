// What grad writes: one table with a row for each name of --save. Parsing, help and completions are
// read from it.
#pragma once

#include <string>
#include <vector>

namespace attn::results {

// The names of --save that were chosen.
struct GradientChoice {
    bool x = false;
    bool q = false;
    bool k = false;
    bool v = false;
    bool context = false;
    bool scores = false;
    bool weights = false;
    bool projections = false;
    bool bias = false;
    bool sink = false;
    bool relative_bias = false;
    bool all = false;  // chosen by "all": what does not exist is left out

    bool cells() const { return scores || weights; }  // arrays that are queries x keys
};

struct GradientOutput {
    const char* name;  // of --save
    bool GradientChoice::*chosen;
};

// In the order of the help.
const std::vector<GradientOutput>& gradient_outputs();

// Their names, and "all".
std::vector<std::string> gradient_save_names();

// "x,q,scores" or "all". Throws Error for an unknown name, with the nearest.
GradientChoice parse_gradient_save(const std::string& list);

// What is saved where nobody says --save: of embeddings, or of given heads.
GradientChoice usual_gradients(bool of_heads);

}  // namespace attn::results
