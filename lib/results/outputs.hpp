// What a run writes: one table with a row for each name of --save. Parsing, help, completions, the
// shapes of the arrays and the room they take are read from it.
#pragma once

#include <string>
#include <vector>

#include "core/shape.hpp"

namespace attn::results {

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
    bool check = false;   // verdicts, see check_report.hpp
    bool hidden = false;  // what each block gives, and what the norm behind the last makes of it
    bool logits = false;
    bool probs = false;  // softmax of the logits
    // What the values add; see analysis/contributions.hpp.
    bool value_weighted = false;
    bool norms = false;
    bool layer_norms = false;
    bool contributions = false;
    bool mixing_ratio = false;

    bool adds() const {
        return value_weighted || norms || layer_norms || contributions || mixing_ratio;
    }
};

// The sizes that the arrays of a layer are made of. `heads` are those that are saved.
struct ArraySizes {
    std::size_t heads = 0;
    std::size_t kv_heads = 0;
    std::size_t queries = 0;
    std::size_t keys = 0;  // those of the cache included
    std::size_t d_head = 0;
    std::size_t d_value = 0;
    std::size_t d_output = 0;
};

// An array in the folder of each layer: its name, and its shape in one sequence.
struct LayerArray {
    const char* name;
    Shape (*shape)(const ArraySizes&);
};

struct Output {
    const char* name;  // of --save
    bool SaveChoice::*chosen;
    bool of_model;  // has what stands behind the last attention: for checkpoints only
    std::vector<LayerArray> arrays;
};

// In the order of the help.
const std::vector<Output>& outputs();

// Those that contribution_sink.hpp writes.
std::vector<Output> contribution_outputs();

// Their names; those that are written where nobody says --save; those that only checkpoints give.
std::vector<std::string> save_names();
std::vector<std::string> usual_save_names();
std::vector<std::string> model_save_names();

// "scores,weights,…". Throws Error for an unknown name, with the nearest.
SaveChoice parse_save(const std::string& list);

// The arrays that each layer gives of what was chosen.
std::vector<LayerArray> layer_arrays(const SaveChoice& choice);

}  // namespace attn::results
