// How many threads each rank starts, so that all ranks of a machine together have no more threads
// than it has cores.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace attn::cluster {

struct SharedMachine {
    std::size_t cores = 1;      // that any rank on the machine may use
    std::size_t own_cores = 1;  // that this rank may use: launchers bind ranks to cores
    std::size_t ranks = 1;      // on the machine
};

// What a variable of the environment holds; empty: it is not set.
using Variable = std::function<std::string(const std::string& name)>;

// The whole number that a variable holds; none where it holds none.
std::optional<std::size_t> number_in(const Variable& variable, const std::string& name);

// Its part of the cores, at least 1; no more than OMP_NUM_THREADS and SLURM_CPUS_PER_TASK say,
// where these hold whole numbers.
std::size_t threads_per_rank(const SharedMachine& machine, const Variable& variable);

}  // namespace attn::cluster
