// The whole tree of commands and flags, as the parser and as a catalogue.
#pragma once

#include "commands.hpp"

namespace attn::app {

// Adds everything to an empty parser; `line` must outlive it.
void describe_program(CLI::App& app, CommandLine& line);

}  // namespace attn::app
