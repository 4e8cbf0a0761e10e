// The help: short by default, with the flags that people use and a line to paste; all of it on
// demand.
#pragma once

#include <cstddef>
#include <string>

#include "catalogue.hpp"

namespace attn::app {

// The help of the program: its commands, and what stands for each of them. Lines of at most
// `columns` characters.
std::string program_help(const Catalogue& catalogue, std::size_t columns);

// The help of a command: its arguments and usual flags, or all of its flags by heading.
std::string command_help(const Catalogue& catalogue, const CommandEntry& command, bool all,
                         std::size_t columns);

// "attn-inspect check SOURCE [flags]", with the flags that must be given.
std::string usage_line(const CommandEntry& command);

}  // namespace attn::app
