// What a command has written, as it says so on standard output.
#pragma once

#include <string>
#include <vector>

#include "console.hpp"
#include "flags.hpp"

namespace attn::app {

// --list, for every path.
void add_list_flag(Command& command, bool& list);

// Every path; or a line for each folder with what it holds, "out/layer00: 2 arrays, 4 pictures",
// and the path itself where a folder got one file only.
void print_written(const std::vector<std::string>& paths, bool list, Console& console);

}  // namespace attn::app
