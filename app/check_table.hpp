// What check prints for people: a table of verdicts, and what came of them.
#pragma once

#include <vector>

#include "console.hpp"
#include "results/check_report.hpp"

namespace attn::app {

// A line a check of each source, then what was not checked and whether the source passed. On a
// terminal verdicts have marks (and colours), and the table fits: limits, then places go where
// there is no room, and what is not ok says its place in words. `several`: lines name their
// sources. `strict`: warnings fail.
void print_checks(const std::vector<results::CheckedSource>& all, bool several, bool strict,
                  bool color, Console& console);

}  // namespace attn::app
