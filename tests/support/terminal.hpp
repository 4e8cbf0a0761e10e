// Runs the real binary in a terminal, as a person sees it.
#pragma once

#include <string>
#include <vector>

namespace attn::test {

// What attn-inspect prints on a terminal of so many columns, and its exit code.
struct Shown {
    int exit_code = 0;
    std::string out;
};

Shown run_in_terminal(const std::vector<std::string>& arguments, unsigned short columns);

}  // namespace attn::test
