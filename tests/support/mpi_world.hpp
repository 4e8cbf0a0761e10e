// The ranks of the test program that knows MPI, which begins once in a process, and ends once.
#pragma once

#include "cluster/mpi_ranks.hpp"

namespace attn::test {

inline const cluster::MpiRanks& mpi_world() {
    static const cluster::MpiRanks ranks;
    return ranks;
}

}  // namespace attn::test
