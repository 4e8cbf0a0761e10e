// The whole tree of commands and flags, as the parser and as a catalogue.
#pragma once

#include <string>

#include "commands.hpp"

namespace attn::app {

// Adds everything to an empty parser; `line` must outlive it.
void describe_program(CLI::App& app, CommandLine& line);

// Throws Error where this program was built without the command.
void refuse_left_out(const std::string& name);

// The same with this command alone. False, and nothing is added, where there is none of that name.
// Throws Error where this program was built without it.
bool describe_command(CLI::App& app, CommandLine& line, const std::string& name);

// The command that was parsed, for a shell: "attn-inspect heatmap w.npy --tokens t.json". Without
// what does not change the contents of results: where they go, how they are told, how fast they
// come.
std::string command_text(const CLI::App& app);

}  // namespace attn::app
