// The commands of the program, read from its help, so that no test leaves a new one out.
#pragma once

#include <string>
#include <vector>

namespace attn::test {

std::vector<std::string> command_names();

// The names of all flags of a command, as its long help lists them, with what each takes.
struct HelpFlag {
    std::vector<std::string> names;  // "-o", "--output"
    std::string takes;               // empty: a switch
};
std::vector<HelpFlag> flags_in_help(const std::string& command);

// The manual page of a command as the build wrote it, in roff.
std::string manual_page(const std::string& command);

}  // namespace attn::test
