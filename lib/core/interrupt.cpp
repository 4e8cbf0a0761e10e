#include "core/interrupt.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <initializer_list>
#include <optional>

#include "core/mapped_range.hpp"
#include "core/temporary_path.hpp"

namespace attn {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kGrace = std::chrono::milliseconds(300);

// `timeout` sends its signal twice, to the process and to its group: only a third one is
// impatience.
constexpr int kImpatient = 3;

std::atomic<int> stop_signal{0};
std::atomic<int> requests{0};
std::atomic<bool> fault_seen{false};
std::atomic<void*> fault_address{nullptr};
std::atomic<bool> watched{false};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<void*>::is_always_lock_free,
              "a signal handler must not wait");

// Handlers write one byte for the watcher, which does what a handler may not.
int read_end = -1;
int write_end = -1;

void (*complain_in_one_line)(const std::string&) = nullptr;
int exit_code = 0;

void wake_watcher() {
    const int kept = errno;
    const char byte = 0;
    static_cast<void>(!::write(write_end, &byte, 1));
    errno = kept;
}

void note_request(int signal) {
    stop_signal = signal;
    if (++requests >= kImpatient && !watched) die_by(signal);
    wake_watcher();
}

// The instruction that faulted would fault again: this thread is over.
void note_fault(int signal, siginfo_t* information, void*) {
    if (!watched) die_by(signal);
    if (!fault_seen.exchange(true)) {
        fault_address = information->si_addr;
        wake_watcher();
    }
    while (true) ::pause();
}

[[noreturn]] void end_after_fault() {
    complain_in_one_line(explain_unreadable(fault_address));
    remove_temporary_paths();
    std::_Exit(exit_code);
}

// Returns when a handler has run, or at the deadline.
void wait_for_handlers(std::optional<Clock::time_point> deadline) {
    int milliseconds = -1;
    if (deadline) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now());
        milliseconds = std::max(0, static_cast<int>(left.count()));
    }
    pollfd pipe{read_end, POLLIN, 0};
    if (::poll(&pipe, 1, milliseconds) <= 0) return;
    char bytes[64];
    static_cast<void>(!::read(read_end, bytes, sizeof bytes));
}

void* watch(void*) {
    while (stop_signal == 0 && !fault_seen) wait_for_handlers(std::nullopt);
    const Clock::time_point deadline = Clock::now() + kGrace;
    while (!fault_seen && requests < kImpatient && Clock::now() < deadline)
        wait_for_handlers(deadline);
    if (fault_seen) end_after_fault();
    remove_temporary_paths();
    die_by(stop_signal);
}

bool open_pipe() {
    int ends[2];
    if (::pipe(ends) != 0) return false;
    for (const int end : ends) {
        ::fcntl(end, F_SETFD, FD_CLOEXEC);
        ::fcntl(end, F_SETFL, O_NONBLOCK);
    }
    read_end = ends[0];
    write_end = ends[1];
    return true;
}

// Without the thread (a limit on processes, no memory) signals do what they did before there was
// one.
bool start_watcher() {
    constexpr std::size_t kStack = std::size_t{256} << 10;
    pthread_attr_t attributes;
    if (!open_pipe() || ::pthread_attr_init(&attributes) != 0) return false;
    ::pthread_attr_setstacksize(&attributes, kStack);
    ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    const bool started = ::pthread_create(&thread, &attributes, watch, nullptr) == 0;
    ::pthread_attr_destroy(&attributes);
    return started;
}

// A file that is opened must never get the number of a standard stream that somebody closed: what
// is printed would go into it. The stand-in can only be used the wrong way round, which fails.
void fill_closed_streams() {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(stream, F_GETFD) >= 0) continue;
        static_cast<void>(::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY));
    }
}

}  // namespace

void guard_streams() {
    fill_closed_streams();
    for (const int signal : {SIGXFSZ, SIGPIPE}) std::signal(signal, SIG_IGN);
}

void watch_signals(void (*complain)(const std::string&), int code) {
    complain_in_one_line = complain;
    exit_code = code;
    guard_streams();
    watched = start_watcher();
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before {};
        sigaction(signal, nullptr, &before);
        if (before.sa_handler == SIG_IGN) continue;
        struct sigaction action {};
        action.sa_handler = note_request;
        action.sa_flags = SA_RESTART;
        sigaction(signal, &action, nullptr);
    }
    struct sigaction action {};
    action.sa_sigaction = note_fault;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGBUS, &action, nullptr);
}

int interrupted() {
    return stop_signal;
}

void stop_if_interrupted() {
    if (const int signal = interrupted()) throw Interrupted{signal};
}

void die_by(int signal) {
    std::signal(signal, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    std::raise(signal);
    std::_Exit(128 + signal);
}

}  // namespace attn
