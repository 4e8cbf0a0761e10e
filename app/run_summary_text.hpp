// How info tells what a folder of results is.
#pragma once

#include <string>

#include "console.hpp"
#include "results/run_summary.hpp"

namespace attn::app {

void print_run(const std::string& folder, const results::RunSummary& run, Console& console);

// The arrays, one a line, as other commands take them: out/layer00/weights.npy,
// out/layer00/arrays.npz:weights. Throws Error for a file that is missing or damaged.
void print_array_names(const std::string& folder, const results::RunSummary& run, Console& console);

}  // namespace attn::app
