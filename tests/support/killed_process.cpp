#include "support/killed_process.hpp"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

namespace attn::test {
namespace {

// Without the end of a normal process, in which sanitizers look around.
[[noreturn]] void do_and_leave(const std::function<void()>& work) {
    try {
        work();
    } catch (...) {
        ::_exit(1);
    }
    ::_exit(0);
}

}  // namespace

bool killed_at_call(std::size_t call, const std::function<void()>& work) {
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("cannot start a process");
    if (child == 0) {
        if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(2);
        ::raise(SIGSTOP);
        do_and_leave(work);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!WIFSTOPPED(status)) throw std::runtime_error("cannot trace a process");
    ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);

    constexpr int kSystemCall = SIGTRAP | 0x80;
    bool inside = false;  // each call stops twice: before and after
    int signal = 0;
    for (std::size_t calls = 0;;) {
        ::ptrace(PTRACE_SYSCALL, child, nullptr, signal);
        ::waitpid(child, &status, 0);
        if (WIFSIGNALED(status)) throw std::runtime_error("the work died by a signal");
        if (WIFEXITED(status)) {
            if (WEXITSTATUS(status) != 0) throw std::runtime_error("the work failed");
            return false;
        }
        signal = WSTOPSIG(status) == kSystemCall ? 0 : WSTOPSIG(status);
        if (signal != 0) continue;
        inside = !inside;
        if (!inside || calls++ != call) continue;
        ::kill(child, SIGKILL);
        ::waitpid(child, &status, 0);
        return true;
    }
}

int start_process(const std::function<void()>& work) {
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("cannot start a process");
    if (child == 0) do_and_leave(work);
    return child;
}

int wait_for_process(int id) {
    int status = 0;
    ::waitpid(id, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace attn::test
