// The table of heads that stats prints, for people and as CSV.
#pragma once

#include <string>
#include <vector>

#include "analysis/head_stats.hpp"
#include "console.hpp"
#include "pipeline/stats.hpp"

namespace attn::app {

// Measures by name. Throws Error for an unknown one.
std::vector<analysis::Measure> parse_columns(const std::string& list);

// `columns` is a list of measures; empty: the one that heads are `sorted_by`, where that is not
// empty, and the usual ones, on a terminal as many as fit. There the headers are explained below.
void print_stats(const pipeline::StatsResult& result, const std::string& columns,
                 const std::string& sorted_by, Console& console);

// Every measure.
void print_stats_csv(const pipeline::StatsResult& result, Console& console);

}  // namespace attn::app
