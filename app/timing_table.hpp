// Where the time of a command went, for people: --timing.
#pragma once

#include "console.hpp"
#include "results/manifest.hpp"

namespace attn::app {

// A line a phase on standard error, and where there are other ranks, how much came from them.
void print_timing(const results::RunTiming& timing, Console& console);

}  // namespace attn::app
