// Files that are none: pipes, devices, folders, files without end, wherever a command reads one.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/commands.hpp"
#include "support/patience.hpp"
#include "support/program.hpp"

using namespace attn::test;
namespace fs = std::filesystem;

namespace {

// Every place where a command takes a file, with the file there.
std::vector<Arguments> calls_that_read(const std::string& file, const std::string& out) {
    const std::string good = golden("induction/weights0.npy");
    const Arguments run = join({"run", "-o", out}, kSampleModel);
    std::vector<Arguments> calls{
        {"run", "-o", out, "-x", file, "-w", sample("weights")},
        {"run", "-o", out, "-x", sample("embeddings.npy"), "-w", file},
        {"run", "-o", out, "-q", file, "-k", file, "-v", file},
        {"heatmap", good, "-o", out, "--font", file},
        {"compare", file, good},
        {"compare", good, file},
        {"run", "-o", out, "--hidden-states", file, "-w", sample("weights")},
        join({"diagnose", "--observed", file}, kSampleModel),
    };
    for (const char* command : {"stats", "check", "info"}) calls.push_back({command, file});
    calls.push_back({"heatmap", file, "-o", out});
    for (const char* flag :
         {"--mask", "--bias", "--sink", "--font", "--key-lengths", "--query-offset", "--context"}) {
        calls.push_back(join(run, {flag, file}));
    }
    return calls;
}

void check_refused_at_once(const Arguments& arguments, const std::string& text = "") {
    const ProgramResult result = run_program(arguments);
    INFO(arguments[0] << " " << arguments.back() << "\n" << result.err);
    CHECK(result.exit_code == 2);
    CHECK(result.seconds < patient(5));
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    CHECK_THAT(result.err, Catch::StartsWith("attn-inspect: error: ") && Catch::Contains(text));
}

}  // namespace

TEST_CASE("a pipe, a device or a socket in the place of a file is refused and never waited for") {
    const TempFolder temp;
    const std::string pipe = temp / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    for (const Arguments& arguments : calls_that_read(pipe, temp / "out"))
        check_refused_at_once(arguments, "is not a plain file but a pipe");
    for (const Arguments& arguments : calls_that_read("/dev/zero", temp / "out"))
        check_refused_at_once(arguments, "is not a plain file but a device");
    for (const Arguments& arguments : calls_that_read("/proc/self/maps", temp / "out"))
        check_refused_at_once(arguments, "is empty");
    for (const char* command : {"stats", "check", "info"})
        check_refused_at_once({command, temp.path().string()}, "is a folder without");
    CHECK_FALSE(fs::exists(temp / "out"));
}

TEST_CASE("a pipe among the files of a folder is refused too") {
    for (const char* name :
         {"config.json", "model.safetensors", "model.safetensors.index.json", "a.npy"}) {
        const TempFolder temp;
        fs::copy(sample("weights"), temp / "model");
        fs::remove(temp / "model/config.json");
        REQUIRE(::mkfifo((temp / "model/").append(name).c_str(), 0600) == 0);
        check_refused_at_once(
            {"run", "-x", sample("embeddings.npy"), "-w", temp / "model", "-o", temp / "out"});
        check_refused_at_once({"info", temp / "model"});
    }
    const TempFolder temp;
    fs::create_directory(temp / "run");
    REQUIRE(::mkfifo((temp / "run/manifest.json").c_str(), 0600) == 0);
    check_refused_at_once({"compare", temp / "run", temp / "run"});
    check_refused_at_once(join({"run", "-o", temp / "run"}, kSampleModel));
}

TEST_CASE("tokens may come from a pipe of the shell, but not without end") {
    const TempFolder temp;
    const std::string weights = temp.write("w.json", "[[1, 0], [0.5, 0.5]]");
    for (const char* tokens :
         {"one\ntwo\n", "[\"one\", \"two\"]", "{\"tokens\": [\"one\", \"two\"]}"}) {
        int ends[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        const std::string text = tokens;
        CHECK(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
        ::close(ends[1]);
        const auto result = run_program({"heatmap", weights, "--terminal", "--tokens", "/dev/fd/9"},
                                        "", [&] { ::dup2(ends[0], 9); });
        ::close(ends[0]);
        CHECK(result.err.empty());
        CHECK_THAT(result.out, Catch::Contains(" one ") && Catch::Contains(" two "));
    }
    check_refused_at_once({"heatmap", weights, "--terminal", "--tokens", "/dev/zero"},
                          "is not a plain file but a device");
}

TEST_CASE("a manifest that is nested without end is no run") {
    const TempFolder temp;
    const std::string deep(200000, '[');
    temp.write("run/manifest.json", "{\"tool\": \"attn-inspect\", \"options\": {\"a\": " + deep +
                                        std::string(200000, ']') + "}}");
    check_refused_at_once({"compare", temp / "run", temp / "run"});
    check_refused_at_once(join({"run", "-o", temp / "run"}, kSampleModel));
}
