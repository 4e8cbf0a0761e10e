#include "cluster/mpi_ranks.hpp"

#include <mpi.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>

#include "cluster/mpi_turn.hpp"
#include "cluster/rank_keeper.hpp"
#include "cluster/threads_per_rank.hpp"
#include "core/error.hpp"
#include "core/interrupt.hpp"

namespace attn::cluster {
namespace {

// Waiting ranks leave the processor to those that compute, and hear of signals.
void wait_for(MPI_Request request) {
    constexpr auto kLongest = std::chrono::microseconds(1000);
    auto pause = std::chrono::microseconds(1);
    for (int done = 0;;) {
        in_turn([&] { return MPI_Test(&request, &done, MPI_STATUS_IGNORE); });
        if (done != 0) return;
        stop_if_interrupted();
        std::this_thread::sleep_for(pause);
        pause = std::min(2 * pause, kLongest);
    }
}

// MPI counts in int: bytes go round in pieces.
constexpr std::size_t kPiece = std::size_t{1} << 28;

// Calls visit(at, count) for each piece.
template <class Visit>
void for_pieces(std::size_t size, const Visit& visit) {
    for (std::size_t at = 0; at < size; at += kPiece)
        visit(at, static_cast<int>(std::min(kPiece, size - at)));
}

// What a rank tells all before its bytes: how many there are for each; or for all, where it gives
// all the same.
constexpr std::uint64_t kForAll = 1, kForEach = 0;

std::vector<std::uint64_t> tell_sizes(const std::vector<std::string>& own, std::size_t ranks) {
    std::vector<std::uint64_t> sizes{own.size() == 1 ? kForAll : kForEach};
    for (std::size_t to = 0; to < ranks; ++to)
        sizes.push_back(own.size() == 1 ? own.front().size() : own[to].size());
    std::vector<std::uint64_t> all(ranks * sizes.size());
    const auto count = static_cast<int>(sizes.size());
    MPI_Request request = MPI_REQUEST_NULL;
    in_turn([&] {
        return MPI_Iallgather(sizes.data(), count, MPI_UINT64_T, all.data(), count, MPI_UINT64_T,
                              MPI_COMM_WORLD, &request);
    });
    wait_for(request);
    return all;
}

// Pieces between two ranks keep their order.
void start_passing(const std::vector<std::string>& own, std::vector<std::string>& came, int rank,
                   const std::vector<bool>& for_all, std::vector<MPI_Request>& requests) {
    constexpr int kTag = 1;
    const bool own_for_all = for_all[static_cast<std::size_t>(rank)];
    for (std::size_t i = 0; i < came.size(); ++i) {
        const auto other = static_cast<int>(i);
        if (other == rank) continue;
        if (!for_all[i]) {
            for_pieces(came[i].size(), [&](std::size_t at, int count) {
                requests.emplace_back();
                in_turn([&] {
                    return MPI_Irecv(came[i].data() + at, count, MPI_BYTE, other, kTag,
                                     MPI_COMM_WORLD, &requests.back());
                });
            });
        }
        if (!own_for_all) {
            for_pieces(own[i].size(), [&](std::size_t at, int count) {
                requests.emplace_back();
                in_turn([&] {
                    return MPI_Isend(own[i].data() + at, count, MPI_BYTE, other, kTag,
                                     MPI_COMM_WORLD, &requests.back());
                });
            });
        }
    }
}

// What is for all goes round by broadcasts, one rank after another, the rest between two ranks.
std::vector<std::string> exchange(const std::vector<std::string>& own) {
    int rank = 0, ranks = 1;
    in_turn([&] {
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        return MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    });
    const auto size = static_cast<std::size_t>(ranks), place = static_cast<std::size_t>(rank);
    const std::vector<std::uint64_t> told = tell_sizes(own, size);
    std::vector<std::string> came(size);
    std::vector<bool> for_all(size);
    for (std::size_t from = 0; from < size; ++from) {
        const std::uint64_t* const of_rank = told.data() + from * (size + 1);
        for_all[from] = of_rank[0] == kForAll;
        if (from != place) came[from].resize(of_rank[1 + place]);
    }
    came[place] = own.size() == 1 ? own.front() : own[place];
    std::vector<MPI_Request> requests;
    start_passing(own, came, rank, for_all, requests);
    for (std::size_t from = 0; from < size; ++from) {
        if (!for_all[from]) continue;
        for_pieces(came[from].size(), [&](std::size_t at, int count) {
            MPI_Request request = MPI_REQUEST_NULL;
            in_turn([&] {
                return MPI_Ibcast(came[from].data() + at, count, MPI_BYTE, static_cast<int>(from),
                                  MPI_COMM_WORLD, &request);
            });
            wait_for(request);
        });
    }
    for (const MPI_Request& request : requests) wait_for(request);
    return came;
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

// "Open MPI v4.1.4", "MPICH Version: 4.0.2".
std::string library_name() {
    std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
    int size = 0;
    MPI_Get_library_version(text.data(), &size);
    std::string name(text.data(), static_cast<std::size_t>(size));
    name.resize(std::min(name.size(), name.find_first_of(",\n")));
    std::replace(name.begin(), name.end(), '\t', ' ');
    return name;
}

}  // namespace

MpiRanks::MpiRanks() {
    // MPI itself does not tell one rank of a launcher from a process without one, and Open MPI sets
    // the variables of a launcher when it begins without one.
    launched_ = launched_rank(variable).has_value();
    int provided = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided);
    if (provided < MPI_THREAD_SERIALIZED)
        fail("this MPI library lets only one thread speak: it lacks MPI_THREAD_SERIALIZED");
    int rank = 0, ranks = 1;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    // Else each of them would do all of the work, into the same files.
    if (ranks == 1 && launched_ranks(variable) > 1)
        fail("the launcher started ", launched_ranks(variable), " ranks, which do not find each ",
             "other: it belongs to another MPI than this program, which is of ", library_name(),
             "; take the mpirun of that, or another of srun --mpi=list");
    communicator_ =
        Communicator(static_cast<std::size_t>(rank), static_cast<std::size_t>(ranks), exchange);
    const SharedMachine machine = look_at_machine();
    launched_ = launched_ || ranks > 1;
    // Alone it does as the other executable.
    threads_ = ranks > 1 ? threads_per_rank(machine, variable) : 0;
}

MpiRanks::~MpiRanks() {
    // Who is on the way out would wait for ranks that wait for it; the launcher ends them.
    if (std::uncaught_exceptions() == 0) MPI_Finalize();
}

}  // namespace attn::cluster
