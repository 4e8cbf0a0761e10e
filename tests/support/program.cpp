#include "support/program.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "support/thinned.hpp"

namespace attn::test {
namespace {

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

// Under sanitizers a process that ends looks through its memory for what leaked, which takes as
// long as most commands do: one of four looks.
bool may_leave_leaks() {
    static std::size_t started = 0;
    return !takes_part(started++, 4);
}

}  // namespace

RunningProgram::RunningProgram(const std::vector<std::string>& arguments, const std::string& input,
                               const Preparation& prepare)
    : since_(now()) {
    const std::string in = streams_.write("in", input);
    const std::string out = streams_ / "out";
    const std::string err = streams_ / "err";

    std::vector<char*> argv{const_cast<char*>(ATTN_BINARY)};
    for (const std::string& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    const bool may_leak = may_leave_leaks();
    const char* given = std::getenv("ASAN_OPTIONS");
    const std::string sanitizer_options = std::string(given ? given : "") + ":detect_leaks=0";

    child_ = ::fork();
    if (child_ < 0) throw std::runtime_error("cannot start a process");
    if (child_ == 0) {
        ::dup2(::open(in.c_str(), O_RDONLY), STDIN_FILENO);
        ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
        ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
        if (prepare) prepare();
        if (may_leak) ::setenv("ASAN_OPTIONS", sanitizer_options.c_str(), 1);
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
}

RunningProgram::~RunningProgram() {
    if (child_ < 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
}

void RunningProgram::send(int signal) {
    since_ = now();
    ::kill(child_, signal);
}

ProgramResult RunningProgram::wait() {
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = -1;
    ProgramResult result;
    result.seconds = now() - since_;
    result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    result.out = read_file(streams_ / "out");
    result.err = read_file(streams_ / "err");
    return result;
}

ProgramResult run_program(const std::vector<std::string>& arguments, const std::string& input,
                          const Preparation& prepare) {
    return RunningProgram(arguments, input, prepare).wait();
}

}  // namespace attn::test
