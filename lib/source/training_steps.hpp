// The steps of a training, found in the names of what was saved at each: "step1000.npz",
// "checkpoint-500/model.safetensors", a folder of such files.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace attn::source {

struct TrainingStep {
    std::int64_t number = 0;
    std::string source;  // as the command line takes it
};

// From the last part of the name without its ending, else from that of its folder: the number
// behind step, global_step, iter, iteration, checkpoint or ckpt, in this order, with - _ = or
// nothing between; else behind epoch; else the last digits. A k or M behind it multiplies. None
// where there are no digits, and where the number is not whole (1.5, 1e3) or larger than 64 bits.
std::optional<std::int64_t> step_of_name(const std::string& source);

// What a command looks for at each step.
struct StepSearch {
    std::string what;                                  // "saved attention", for messages
    std::function<bool(const std::string&)> is_whole;  // a folder that is one step by itself
    std::function<bool(const std::string&)> holds;     // a file or folder in which it can be found
};

// The steps in the order of their numbers. A folder that is none by itself stands for what lies in
// it. `steps`: "0,100,2k", what --steps says, in the order of the sources (in a folder of their
// names); empty: from the names. Throws Error for names without a whole number, for two of one
// step, and where there are not as many steps as sources.
std::vector<TrainingStep> find_training_steps(const std::vector<std::string>& sources,
                                              const std::string& steps, const StepSearch& search);

// "0,100,2k,5-7". Throws Error, which names --steps, for anything else and for two of one step.
std::vector<std::int64_t> parse_steps(const std::string& list);

}  // namespace attn::source
