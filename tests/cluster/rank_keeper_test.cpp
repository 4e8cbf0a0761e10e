#include "cluster/rank_keeper.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <functional>
#include <map>

using namespace attn::cluster;

namespace {

int line_end = -1;  // where complaints go

void complain(const std::string& text) {
    const std::string line = text + "\n";
    static_cast<void>(!::write(line_end, line.data(), line.size()));
}

struct End {
    int status;  // of the keeper
    std::string lines;
};

// Rank 3 and its keeper. The rank does `work`, with the keeper's id; `disturb` is done to the
// keeper once the rank works.
End end_of(
    const std::function<void(pid_t keeper)>& work,
    const std::function<void(pid_t keeper)>& disturb = [](pid_t) {}) {
    int lines[2], ready[2];
    REQUIRE((::pipe(lines) == 0 && ::pipe(ready) == 0));
    const pid_t keeper = ::fork();
    if (keeper == 0) {
        ::close(lines[0]);
        // The test program has handlers of its own.
        for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGSEGV}) ::signal(signal, SIG_DFL);
        line_end = lines[1];
        const pid_t own = ::getpid();
        keep_rank(3, complain, 2);
        static_cast<void>(!::write(ready[1], "x", 1));
        work(own);
        ::_exit(0);
    }
    ::close(lines[1]);
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    disturb(keeper);
    End end;
    REQUIRE(::waitpid(keeper, &end.status, 0) == keeper);
    // To the end: until the rank is gone, too.
    while (::read(lines[0], &byte, 1) == 1) end.lines += byte;
    for (const int open : {lines[0], ready[0], ready[1]}) ::close(open);
    return end;
}

void wait_for_ever(pid_t) {
    while (true) ::pause();
}

int code_of(const End& end) {
    return WIFEXITED(end.status) ? WEXITSTATUS(end.status) : -1;
}

}  // namespace

TEST_CASE("a rank ends with the exit code of its work") {
    for (const int code : {0, 1, 2}) {
        const End end = end_of([&](pid_t) { ::_exit(code); });
        CHECK(code_of(end) == code);
        CHECK(end.lines.empty());
    }
}

TEST_CASE("a rank that is killed is named in one line and ends with exit code 2") {
    const End killed = end_of([](pid_t) { ::raise(SIGKILL); });
    CHECK(code_of(killed) == 2);
    CHECK(killed.lines == "rank 3 was killed by signal 9 (Killed)\n");
    const End crashed = end_of([](pid_t) { ::raise(SIGSEGV); });
    CHECK(code_of(crashed) == 2);
    CHECK(crashed.lines == "rank 3 was killed by signal 11 (Segmentation fault)\n");
    // Asked by somebody else than the launcher.
    const End stopped = end_of([](pid_t) { ::raise(SIGTERM); });
    CHECK(code_of(stopped) == 2);
    CHECK(stopped.lines == "rank 3 was killed by signal 15 (Terminated)\n");
}

TEST_CASE("a rank that its launcher stops ends without a word") {
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        const End end = end_of(wait_for_ever, [&](pid_t keeper) { ::kill(keeper, signal); });
        CHECK((WIFSIGNALED(end.status) && WTERMSIG(end.status) == signal));
        CHECK(end.lines.empty());
    }
}

TEST_CASE("a rank whose keeper is killed says so, and ends") {
    const End end = end_of(wait_for_ever, [](pid_t keeper) { ::kill(keeper, SIGKILL); });
    CHECK(WIFSIGNALED(end.status));
    CHECK(end.lines == "rank 3 was killed: the process that kept it is gone\n");
}

TEST_CASE("launchers say in the environment which rank a process is") {
    const auto rank = [](std::map<std::string, std::string> variables) {
        return launched_rank([&](const std::string& name) { return variables[name]; });
    };
    CHECK(rank({}) == std::nullopt);
    CHECK(rank({{"OMPI_COMM_WORLD_RANK", "5"}, {"PMIX_RANK", "5"}}) == 5U);
    CHECK(rank({{"PMI_RANK", "0"}}) == 0U);
    CHECK(rank({{"PMIX_RANK", "12"}}) == 12U);
    CHECK(rank({{"PMI_RANK", "x"}}) == std::nullopt);
}

TEST_CASE("launchers say in the environment how many ranks there are, scripts of Slurm do not") {
    const auto ranks = [](std::map<std::string, std::string> variables) {
        return launched_ranks([&](const std::string& name) { return variables[name]; });
    };
    CHECK(ranks({}) == 1);
    CHECK(ranks({{"SLURM_NTASKS", "16"}}) == 1);
    CHECK(ranks({{"SLURM_NTASKS", "16"}, {"SLURM_STEP_NUM_TASKS", "8"}}) == 8);
    CHECK(ranks({{"OMPI_COMM_WORLD_SIZE", "4"}}) == 4);
    CHECK(ranks({{"PMI_SIZE", "3"}}) == 3);
}
