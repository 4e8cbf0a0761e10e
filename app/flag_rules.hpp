// What no flag says about itself: which flags contradict each other, and which do nothing without
// another. A flag that would be ignored in silence is refused by name.
#pragma once

#include <CLI/CLI.hpp>

namespace attn::app {

// Switches take no value, whatever the command; call it when all flags are there.
void let_switches_stand_alone(CLI::App& app);

// Looks at what was given to the program and its chosen command. Throws Error that names the flags.
// What depends on the input itself is refused where the input is read.
void require_effect(const CLI::App& app);

}  // namespace attn::app
