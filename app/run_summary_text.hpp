// How info tells what a folder of results is.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "console.hpp"
#include "results/run_summary.hpp"

namespace attn::app {

void print_run(const std::string& folder, const results::RunSummary& run, Console& console);

nlohmann::ordered_json run_json(const std::string& folder, const results::RunSummary& run);

}  // namespace attn::app
