#include "cluster/rank_keeper.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <system_error>
#include <thread>

#include "core/interrupt.hpp"
#include "core/temporary_path.hpp"

namespace attn::cluster {
namespace {

constexpr int kPolite[] = {SIGINT, SIGTERM, SIGHUP};

volatile std::sig_atomic_t asked = 0;  // the signal that asked to stop
pid_t kept = 0;

void hand_on(int signal) {
    const int before = errno;
    asked = signal;
    ::kill(kept, signal);
    errno = before;
}

// Those polite signals that nobody has switched off (nohup).
void watch_polite_signals() {
    for (const int signal : kPolite) {
        struct sigaction action {};
        sigaction(signal, nullptr, &action);
        if (action.sa_handler == SIG_IGN) continue;
        action = {};
        action.sa_handler = hand_on;
        sigaction(signal, &action, nullptr);
    }
}

// MPICH's launcher kills the other ranks and ends with their signal, unless somebody aborts all, as
// MPI_Abort does: a line in its protocol (PMI 1). Then it hears nothing more, so that what was just
// said goes first.
void abort_all(int code) {
    constexpr auto kUntilHeard = std::chrono::milliseconds(200);
    const char* const launcher = std::getenv("PMI_FD");
    if (launcher == nullptr) return;
    std::this_thread::sleep_for(kUntilHeard);
    ::dprintf(std::atoi(launcher), "cmd=abort exitcode=%d\n", code);
}

[[noreturn]] void keep(std::size_t rank, void (*complain)(const std::string&), int code) {
    int status = 0;
    while (::waitpid(kept, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status)) std::_Exit(WEXITSTATUS(status));
    // Who asked knows it.
    if (asked != 0) die_by(asked);
    const int signal = WTERMSIG(status);
    complain("rank " + std::to_string(rank) + " was killed by signal " + std::to_string(signal) +
             " (" + strsignal(signal) + ")");
    abort_all(code);
    std::_Exit(code);
}

// The keeper alone has the other end: a killed one closes it.
void watch_keeper(int pipe, std::size_t rank, void (*complain)(const std::string&), int code) {
    char byte = 0;
    while (::read(pipe, &byte, 1) < 0 && errno == EINTR) {
    }
    // A launcher that asked does not wait long before it kills.
    const bool was_asked = interrupted() != 0;
    if (!was_asked)
        complain("rank " + std::to_string(rank) + " was killed: the process that kept it is gone");
    remove_temporary_paths();
    if (!was_asked) abort_all(code);
    std::_Exit(code);
}

// What the first of the variables that hold a whole number says.
std::optional<std::size_t> first_number(std::initializer_list<const char*> names,
                                        const Variable& variable) {
    for (const char* name : names) {
        if (const auto number = number_in(variable, name)) return number;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::size_t> launched_rank(const Variable& variable) {
    return first_number({"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"}, variable);
}

// Slurm's SLURM_NTASKS stands in scripts, too, which are no task of srun.
std::size_t launched_ranks(const Variable& variable) {
    return first_number({"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}, variable)
        .value_or(1);
}

void keep_rank(std::size_t rank, void (*complain)(const std::string& text), int code) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    sigset_t polite, before;
    sigemptyset(&polite);
    for (const int signal : kPolite) sigaddset(&polite, signal);
    ::sigprocmask(SIG_BLOCK, &polite, &before);
    kept = ::fork();
    if (kept > 0) {
        ::close(ends[0]);
        watch_polite_signals();
        ::sigprocmask(SIG_SETMASK, &before, nullptr);
        keep(rank, complain, code);
    }
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    ::close(ends[1]);
    if (kept < 0) return;
    // Launchers kill whole groups: what the rank leaves is removed all the same.
    ::setpgid(0, 0);
    try {
        std::thread(watch_keeper, ends[0], rank, complain, code).detach();
    } catch (const std::system_error&) {
        // Without it a killed keeper leaves a rank that the launcher ends.
    }
}

}  // namespace attn::cluster
