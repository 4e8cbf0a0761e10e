// Where the time of a command went, for people: --timing.
#pragma once

#include "console.hpp"
#include "core/phase_clock.hpp"

namespace attn::app {

// A line a phase on standard error.
void print_timing(const PhaseClock::Times& times, Console& console);

}  // namespace attn::app
