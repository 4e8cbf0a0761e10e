// The right to call MPI: its libraries are asked for MPI_THREAD_SERIALIZED, so that threads of a
// rank may speak one after another and never at once.
#pragma once

#include <mutex>

namespace attn::cluster {

// Of this process. Held for one call, never while waiting for another rank.
inline std::mutex& mpi_turn() {
    static std::mutex turn;
    return turn;
}

// call() in the turn of this thread.
template <class Call>
auto in_turn(const Call& call) {
    const std::lock_guard<std::mutex> lock(mpi_turn());
    return call();
}

}  // namespace attn::cluster
