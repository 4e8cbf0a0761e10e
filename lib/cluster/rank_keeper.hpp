// What stands beside a rank that may be killed at any moment (out of memory, a bug): the process
// that the launcher started keeps the rank, which works as its child. Whichever of the two is
// killed, the other one says so in one line that names the rank, and ends all with an exit code of
// ours instead of the signal's.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "cluster/threads_per_rank.hpp"

namespace attn::cluster {

// As which rank a launcher started this process (Open MPI, MPICH, Slurm); none without a launcher.
std::optional<std::size_t> launched_rank(const Variable& variable);

// How many ranks it says that it started; 1 where it does not say.
std::size_t launched_ranks(const Variable& variable);

// Returns in a child process, which is to do the rank's work. This process never returns: it hands
// signals that ask to stop to the child, and ends as the child ends; where that was killed,
// `complain` is told, and the exit code is `code`. In the same way the child ends when this process
// is killed; before it, temporary paths are removed. To be called before there are threads. Where
// no process can be started, this one returns and works itself.
void keep_rank(std::size_t rank, void (*complain)(const std::string& text), int code);

}  // namespace attn::cluster
