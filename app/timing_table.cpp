#include "timing_table.hpp"

#include <cstdio>
#include <string>

#include "core/human_size.hpp"

namespace attn::app {
namespace {

std::string phase_line(const char* name, double seconds) {
    char line[64];
    std::snprintf(line, sizeof line, "  %-8s %10.2f ms\n", name, 1e3 * seconds);
    return line;
}

}  // namespace

void print_timing(const results::RunTiming& timing, Console& console) {
    const PhaseClock::Times& times = timing.times;
    char first[96];
    std::snprintf(first, sizeof first, "%.2f ms, of all threads together:\n", 1e3 * times.seconds);
    std::string text = first;
    for (std::size_t phase = 0; phase < kPhases; ++phase)
        text += phase_line(name_of(static_cast<Phase>(phase)), times.phases[phase]);
    text += phase_line("waiting", times.waiting);
    if (timing.received > 0)
        text += "  " + human_size(timing.received) + " came from other ranks\n";
    console.status(text);
}

}  // namespace attn::app
