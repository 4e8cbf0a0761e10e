// A whole command: from its arguments to its exit code.
#pragma once

#include "console.hpp"

namespace attn::app {

// Exit codes as in diff and grep: 0 fine, 1 is for checks that fail and results that differ.
constexpr int kTrouble = 2;

// Parses the arguments, runs the chosen command and turns every error into one line. Throws
// Interrupted after a request to stop.
int run_command_line(int argc, const char* const* argv, Console& console);

}  // namespace attn::app
