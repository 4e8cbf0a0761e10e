// The ranks that an MPI launcher started (mpirun, srun), as a Communicator. This room is the only
// one that knows MPI.
#pragma once

#include <cstddef>

#include "core/communicator.hpp"

namespace attn::cluster {

class MpiRanks {
  public:
    // Starts MPI. Without a launcher there is one rank. One object a process. Throws Error where
    // the launcher is of another MPI, so that every rank stands alone.
    MpiRanks();
    ~MpiRanks();  // ends MPI; all ranks wait for one another
    MpiRanks(const MpiRanks&) = delete;
    MpiRanks& operator=(const MpiRanks&) = delete;

    // Valid as long as this lives; one thread after another may use it.
    const Communicator& communicator() const { return communicator_; }

    // Whether there is a launcher.
    bool is_launched() const { return launched_; }

    // For each rank, see threads_per_rank.hpp.
    std::size_t threads() const { return threads_; }

  private:
    Communicator communicator_;
    std::size_t threads_ = 1;
    bool launched_ = false;
};

}  // namespace attn::cluster
