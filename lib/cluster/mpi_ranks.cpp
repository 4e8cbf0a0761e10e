#include "cluster/mpi_ranks.hpp"

#include <mpi.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <thread>

#include "cluster/rank_keeper.hpp"
#include "cluster/threads_per_rank.hpp"
#include "core/interrupt.hpp"

namespace attn::cluster {
namespace {

// Waiting ranks leave the processor to those that compute, and hear of signals.
void wait_for(MPI_Request request) {
    constexpr auto kLongest = std::chrono::microseconds(1000);
    auto pause = std::chrono::microseconds(1);
    for (int done = 0;;) {
        MPI_Test(&request, &done, MPI_STATUS_IGNORE);
        if (done != 0) return;
        stop_if_interrupted();
        std::this_thread::sleep_for(pause);
        pause = std::min(2 * pause, kLongest);
    }
}

// MPI counts in int: bytes go round in pieces. Every rank gives its bytes to all others, one rank
// after another.
std::vector<std::string> exchange(const std::string& own) {
    constexpr std::size_t kPiece = std::size_t{1} << 28;
    int rank = 0, ranks = 1;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    const auto size = static_cast<std::uint64_t>(own.size());
    std::vector<std::uint64_t> sizes(static_cast<std::size_t>(ranks));
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Iallgather(&size, 1, MPI_UINT64_T, sizes.data(), 1, MPI_UINT64_T, MPI_COMM_WORLD, &request);
    wait_for(request);
    std::vector<std::string> all(sizes.size());
    for (int from = 0; from < ranks; ++from) {
        std::string& bytes = all[static_cast<std::size_t>(from)];
        if (from == rank)
            bytes = own;
        else
            bytes.resize(sizes[static_cast<std::size_t>(from)]);
        for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
            const auto count = static_cast<int>(std::min(kPiece, bytes.size() - at));
            MPI_Ibcast(bytes.data() + at, count, MPI_BYTE, from, MPI_COMM_WORLD, &request);
            wait_for(request);
        }
    }
    return all;
}

// The cores of all ranks of one machine together, and how many these are.
SharedMachine look_at_machine() {
    MPI_Comm machine = MPI_COMM_NULL;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
    int ranks = 1;
    MPI_Comm_size(machine, &ranks);
    SharedMachine shared;
    shared.ranks = static_cast<std::size_t>(ranks);
    cpu_set_t own, of_all;
    CPU_ZERO(&own);
    if (sched_getaffinity(0, sizeof own, &own) != 0) CPU_SET(0, &own);
    MPI_Allreduce(&own, &of_all, static_cast<int>(sizeof own), MPI_BYTE, MPI_BOR, machine);
    MPI_Comm_free(&machine);
    shared.own_cores = static_cast<std::size_t>(CPU_COUNT(&own));
    shared.cores = static_cast<std::size_t>(CPU_COUNT(&of_all));
    return shared;
}

std::string variable(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? "" : value;
}

}  // namespace

MpiRanks::MpiRanks() {
    int provided = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
    int rank = 0, ranks = 1;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    communicator_ =
        Communicator(static_cast<std::size_t>(rank), static_cast<std::size_t>(ranks), exchange);
    const SharedMachine machine = look_at_machine();
    // MPI itself does not tell one rank of a launcher from a process without one.
    launched_ = ranks > 1 || launched_rank(variable).has_value();
    // Alone it does as the other executable.
    threads_ = ranks > 1 ? threads_per_rank(machine, variable) : 0;
}

MpiRanks::~MpiRanks() {
    // Who is on the way out would wait for ranks that wait for it; the launcher ends them.
    if (std::uncaught_exceptions() == 0) MPI_Finalize();
}

}  // namespace attn::cluster
