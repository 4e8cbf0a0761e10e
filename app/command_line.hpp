// A whole command: from its arguments to its exit code.
#pragma once

#include <cstddef>

#include "console.hpp"
#include "core/communicator.hpp"
#include "io/placed_file.hpp"

namespace attn::app {

// Exit codes as in diff and grep: 0 fine, 1 is for checks that fail and results that differ.
constexpr int kTrouble = 2;

// The processes that carry out one command together.
struct Ranks {
    Communicator communicator;
    // That each of them starts where --threads says nothing; 0: as many as there are cores.
    std::size_t threads = 0;
    // How --io mpi writes arrays; none where there is no MPI.
    io::OpenPlacedFile open_by_mpi = nullptr;
};

// The arguments ask for the version or for help: nothing is computed, read or written.
bool is_question(int argc, const char* const* argv);

// Parses the arguments, runs the chosen command and turns every error into one line. Throws
// Interrupted after a request to stop.
int run_command_line(int argc, const char* const* argv, Console& console, const Ranks& ranks = {});

}  // namespace attn::app
