// The program on many machines: the same commands, carried out by all ranks that an MPI launcher
// started. Rank 0 speaks for all.
#include <fcntl.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "cluster/mpi_file.hpp"
#include "cluster/mpi_ranks.hpp"
#include "cluster/rank_keeper.hpp"
#include "command_line.hpp"
#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/memory.hpp"
#include "terminal.hpp"

namespace {

std::string variable(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? "" : value;
}

void complain(const std::string& text) {
    attn::app::Console().complain(text);
}

// What only one rank knows.
void complain_of_rank(const std::string& text) {
    const std::optional<std::size_t> rank = attn::cluster::launched_rank(variable);
    complain((rank ? "rank " + std::to_string(*rank) + ": " : "") + text);
}

}  // namespace

int main(int argc, char** argv) {
    // Read before MPI starts, which may set such variables itself.
    const std::optional<std::size_t> rank = attn::cluster::launched_rank(variable);
    if (rank) attn::cluster::keep_rank(*rank, complain, attn::app::kTrouble);
    attn::tune_allocator();
    attn::watch_signals(complain_of_rank, attn::app::kTrouble);
    try {
        const attn::cluster::MpiRanks ranks;
        if (ranks.is_launched()) attn::app::expect_no_terminal();
        const bool speaks = ranks.communicator().is_root();
        const int nowhere = speaks ? -1 : ::open("/dev/null", O_WRONLY | O_CLOEXEC);
        attn::app::Console console =
            speaks ? attn::app::Console() : attn::app::Console(nowhere, nowhere);
        const int code = attn::app::run_command_line(
            argc, argv, console,
            {ranks.communicator(), ranks.threads(), attn::cluster::open_mpi_file});
        // Launchers tell of every rank that ends with another code.
        return speaks ? code : 0;
    } catch (const attn::Error& problem) {
        // What MPI lacks, it lacks on all ranks. A launcher ends all when one fails, before rank 0
        // may have spoken.
        if (rank.value_or(0) != 0) return 0;
        complain(problem.what());
        return attn::app::kTrouble;
    } catch (const attn::Interrupted& request) {
        attn::die_by(request.signal);
    }
}
