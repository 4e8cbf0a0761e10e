#include "core/interrupt.hpp"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <initializer_list>

namespace attn {
namespace {

std::atomic<int> stop_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler must not wait");

std::atomic<int> requests{0};

// `timeout` sends its signal twice, to the process and to its group: only a third one is
// impatience.
void note(int signal) {
    stop_signal = signal;
    if (++requests >= 3) die_by(signal);
}

}  // namespace

void catch_interrupts() {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before {};
        sigaction(signal, nullptr, &before);
        if (before.sa_handler == SIG_IGN) continue;
        struct sigaction action {};
        action.sa_handler = note;
        action.sa_flags = SA_RESTART;
        sigaction(signal, &action, nullptr);
    }
}

int interrupted() {
    return stop_signal;
}

void die_by(int signal) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
    std::_Exit(128 + signal);
}

}  // namespace attn
