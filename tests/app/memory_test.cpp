// Limits on memory and processes: whatever is lacking is one line and exit code 2, never a wait.
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support/commands.hpp"
#include "support/patience.hpp"
#include "support/program.hpp"

using namespace attn::test;

#if !defined(ATTN_SANITIZED)

namespace {

Preparation limit_memory(std::size_t kilobytes) {
    return [kilobytes] {
        const rlimit limit{kilobytes << 10, kilobytes << 10};
        ::setrlimit(RLIMIT_AS, &limit);
    };
}

std::vector<Arguments> commands(const TempFolder& temp) {
    const std::string weights = golden("induction/weights0.npy");
    return {{"--version"},
            {"info", weights},
            {"stats", weights},
            {"check", weights},
            {"compare", weights, weights},
            {"heatmap", weights, "--sheet", "-o", temp / "a.png"},
            join({"run", "-o", temp / "out"}, kSampleModel),
            join({"diagnose", "--observed", weights}, kSampleModel)};
}

}  // namespace

TEST_CASE("every command works or says in one line that memory lacks, at any limit") {
    const TempFolder temp;
    for (const std::size_t kilobytes : {70000, 80000, 100000, 140000, 200000, 300000, 500000}) {
        for (const Arguments& arguments : commands(temp)) {
            const ProgramResult result = run_program(arguments, "", limit_memory(kilobytes));
            INFO(kilobytes << " " << arguments[0] << ": " << result.err);
            CHECK(result.seconds < patient(10));
            if (result.exit_code == 0) {
                CHECK(result.err.empty());
                continue;
            }
            CHECK(result.exit_code == 2);
            CHECK_THAT(result.err,
                       Catch::Equals("attn-inspect: error: out of memory\n") ||
                           Catch::StartsWith("attn-inspect: error: cannot start a thread"));
            CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
        }
    }
}

TEST_CASE("what needs no product of matrices needs little memory") {
    const TempFolder temp;
    for (const char* command : {"stats", "check", "info"}) {
        INFO(command);
        const auto result =
            run_program({command, golden("induction/weights0.npy"), "--threads", "1"}, "",
                        limit_memory(200000));
        CHECK(result.exit_code == 0);
        CHECK(result.err.empty());
    }
}

TEST_CASE("the libraries start no threads of their own") {
    const TempFolder temp;
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    RunningProgram program({"stats", "-"}, "", [&] { ::dup2(ends[0], STDIN_FILENO); });
    const std::string tasks = "/proc/" + std::to_string(program.id()) + "/task";
    const auto threads = [&] {
        return std::distance(std::filesystem::directory_iterator(tasks), {});
    };
    for (int i = 0; i < 10000 && threads() < 2; ++i) ::usleep(1000);
    ::usleep(300000);
    // The program, and the thread that watches for signals.
    CHECK(threads() == 2);
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_CASE("every command works where the stack is small") {
    const TempFolder temp;
    // Products of OpenBLAS take 64 KiB themselves on some processors.
    for (const rlim_t kilobytes : {128, 256}) {
        const Preparation limit_stack = [kilobytes] {
            const rlimit limit{kilobytes << 10, kilobytes << 10};
            ::setrlimit(RLIMIT_STACK, &limit);
        };
        for (Arguments arguments : commands(temp)) {
            const ProgramResult result = run_program(arguments, "", limit_stack);
            INFO(kilobytes << " " << arguments[0] << ": " << result.err);
            CHECK((result.exit_code == 0 || (result.exit_code == 1 && arguments[0] == "diagnose")));
            CHECK(result.err.empty());
        }
        for (const char* ending : {".svg", ".pdf"})
            CHECK(run_program({"heatmap", golden("induction/weights0.npy"), "-o",
                               temp / ("a" + std::string(ending)), "--head", "0"},
                              "", limit_stack)
                      .exit_code == 0);
    }
}

#endif
