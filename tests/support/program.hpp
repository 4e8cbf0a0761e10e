// Runs the real binary and collects what a user would see.
#pragma once

#include <string>
#include <vector>

namespace attn::test {

struct ProgramResult {
    int exit_code = 0;  // 128 + signal when it was killed
    std::string out;
    std::string err;
};

// Starts attn-inspect with the arguments, `input` on its standard input, neither stream a terminal.
ProgramResult run_program(const std::vector<std::string>& arguments, const std::string& input = "");

}  // namespace attn::test
