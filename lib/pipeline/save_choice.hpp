// What a run writes: the names of --save, each with its switch. One table; help, completions,
// parsing and messages read it.
#pragma once

#include <string>
#include <vector>

namespace attn::pipeline {

struct SaveChoice {
    bool scores = true;
    bool weights = true;
    bool context = false;
    bool output = true;
    bool present = false;
    bool q = false;
    bool k = false;
    bool v = false;
    bool logsumexp = false;
    bool received = false;  // by each key, from all queries
    bool heatmaps = true;
    bool stats = false;
    bool hidden = false;  // what each block gives, and what the norm behind the last makes of it
    bool logits = false;
    bool probs = false;  // softmax of the logits

    // Whether something behind the last attention is asked for.
    bool model_output() const { return hidden || logits || probs; }
};

// "scores", "weights", …, in the order of the help.
std::vector<std::string> save_names();

// "scores,weights,…". Throws Error for an unknown name, with the nearest.
SaveChoice parse_save(const std::string& list);

}  // namespace attn::pipeline
