// Signals and limits, sent to the real binary.
#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "support/arrays.hpp"
#include "support/npy_bytes.hpp"
#include "support/patience.hpp"
#include "support/program.hpp"
#include "support/small_files.hpp"

using namespace attn::test;
namespace fs = std::filesystem;

namespace {

// A file of zeros that takes no disk.
std::string write_zeros(const TempFolder& temp, const std::string& name, const std::string& shape,
                        std::size_t bytes) {
    const std::string header = npy_bytes(npy_dictionary("<f4", shape), "");
    const std::string path = temp.write(name, header);
    fs::resize_file(path, header.size() + bytes);
    return path;
}

void wait_until_mapped(pid_t process, const std::string& path) {
    for (int i = 0; i < 1000; ++i) {
        const std::string maps = read_file("/proc/" + std::to_string(process) + "/maps");
        if (maps.find(path) != std::string::npos) return;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    FAIL(path << " is never mapped");
}

}  // namespace

TEST_CASE("Ctrl-C ends the work on one huge head in half a second") {
    const TempFolder temp;
    constexpr std::size_t kTokens = 32768;
    const std::string head =
        write_zeros(temp, "head.npy", "(1, 32768, 32768)", kTokens * kTokens * sizeof(float));
    const std::string q =
        write_zeros(temp, "q.npy", "(1, 32768, 64)", kTokens * 64 * sizeof(float));
    const std::vector<std::string> commands[] = {
        {"stats", head},
        {"check", head},
        {"compare", head, head},
        {"heatmap", head, "-o", temp / "a.png"},
        {"heatmap", head, "--terminal"},
        {"info", "--values", head},
        {"run", "-q", q, "-k", q, "-v", q, "-o", temp / "out", "--save", "context"},
    };
    for (const auto& command : commands) {
        INFO(command[0]);
        RunningProgram program(command);
        wait_until_mapped(program.id(), command[0] == "run" ? q : head);
        program.send(SIGINT);
        const ProgramResult result = program.wait();
        CHECK(result.exit_code == 128 + SIGINT);
        CHECK(result.seconds < patient(0.5));
        CHECK(result.err.empty());
        CHECK_FALSE(fs::exists(temp / "out"));
        CHECK_FALSE(fs::exists(temp / "a.png"));
    }
    CHECK(std::distance(fs::directory_iterator(temp.path()), {}) == 2);
}

TEST_CASE("Ctrl-C ends the wait for a standard input that never comes") {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        RunningProgram program({"stats", "-"}, "", [&] { ::dup2(ends[0], STDIN_FILENO); });
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        program.send(signal);
        const ProgramResult result = program.wait();
        CHECK(result.exit_code == 128 + signal);
        CHECK(result.seconds < patient(0.5));
        CHECK(result.err.empty());
    }
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_CASE("a mapped file that shrinks is one line and exit code 2") {
    const TempFolder temp;
    const std::string shape = "(1, 64, 64)";
    const std::string path = write_zeros(temp, "a.npy", shape, 64 * 64 * sizeof(float));
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    RunningProgram program({"compare", path, "-"}, "", [&] { ::dup2(ends[0], STDIN_FILENO); });
    ::close(ends[0]);
    wait_until_mapped(program.id(), path);
    fs::resize_file(path, 0);
    const std::string other = npy_floats(shape, std::vector<float>(64 * 64));
    CHECK(::write(ends[1], other.data(), other.size()) == static_cast<ssize_t>(other.size()));
    ::close(ends[1]);
    const ProgramResult result = program.wait();
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.err, Catch::StartsWith("attn-inspect: error: " + path +
                                             ": became shorter while it was read"));
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
}

TEST_CASE("a file that may not grow is one line and exit code 2, and nothing stays") {
    const TempFolder temp;
    const std::string weights = golden("induction/weights0.npy");
    const auto run = [&](std::vector<std::string> more) {
        std::vector<std::string> arguments{
            "run", "-x", sample("embeddings.npy"), "-w", sample("weights"), "-o", temp / "out"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return arguments;
    };
    const std::vector<std::string> commands[] = {
        run({"--save", "weights"}),
        run({"--format", "npz"}),
        run({"--format", "safetensors"}),
        run({"--save", "heatmaps"}),
        {"heatmap", weights, "-o", temp / "a.png"},
        {"heatmap", weights, "-o", temp / "out"},
        {"stats", weights, "--received", temp / "r.npy"},
    };
    for (const auto& command : commands) {
        INFO(command[0]);
        const ProgramResult result = run_program(command, "", [] { limit_file_size(1000); });
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err,
                   Catch::StartsWith("attn-inspect: error: ") && Catch::Contains("File too large"));
        CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
        CHECK(fs::is_empty(temp.path()));
    }
}
