// Programs of others that look at what we wrote: rsvg-convert, pdftoppm, pdftotext.
#pragma once

#include <cstdlib>
#include <string>

namespace attn::test {

// Runs a line of shell and returns its exit status.
inline int shell(const std::string& line) {
    return std::system(line.c_str());
}

inline bool has_tool(const std::string& name) {
    return shell("command -v " + name + " > /dev/null 2>&1") == 0;
}

}  // namespace attn::test
