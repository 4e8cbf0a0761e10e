// Runs the real binary in a terminal, as a person sees it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace attn::test {

// What attn-inspect prints on a terminal of so many columns, and its exit code.
struct Shown {
    int exit_code = 0;
    std::string out;
};

Shown run_in_terminal(const std::vector<std::string>& arguments, unsigned short columns);

// Characters of the longest line, without what only changes colours.
std::size_t widest_line(const std::string& text);

// The words with one space between them, wherever lines end.
std::string words_of(const std::string& text);

}  // namespace attn::test
