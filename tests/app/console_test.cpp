// What reaches standard output and standard error, over all commands.
#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <regex>

#include "core/printable.hpp"
#include "core/utf8.hpp"
#include "support/commands.hpp"
#include "support/help.hpp"
#include "support/npy_bytes.hpp"
#include "support/patience.hpp"
#include "support/program.hpp"
#include "support/small_files.hpp"

using namespace attn::test;
namespace fs = std::filesystem;

namespace {

// Escape sequence, line end, turned writing (U+202E), C1 control (U+009B), tab, bytes that are no
// UTF-8.
const std::string kHostile = "a\x1b[31m\nb\u202e\u009b\tc";
const std::string kHostileBytes = kHostile + "\xff\x9b";

std::string text_of(const Arguments& arguments) {
    std::string text;
    for (const std::string& argument : arguments) text += argument + " ";
    return text;
}

bool is_harmless(const std::string& text) {
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        const std::string line = text.substr(start, end - start);
        if (attn::printable(line) != line) return false;
        start = end + 1;
    }
    return true;
}

// Nothing steers the terminal, and each line of standard error is a message of ours.
void check_harmless(const Arguments& arguments, const ProgramResult& result) {
    INFO(attn::printable(text_of(arguments)) << "\n" << attn::printable(result.err));
    CHECK(is_harmless(result.out));
    CHECK(is_harmless(result.err));
    for (std::size_t start = 0; start < result.err.size();) {
        CHECK(result.err.compare(start, 14, "attn-inspect: ") == 0);
        start = std::min(result.err.find('\n', start), result.err.size() - 1) + 1;
    }
    CHECK(result.exit_code <= 2);
}

}  // namespace

TEST_CASE("the walk over all commands leaves none out") {
    for (const std::string& command : command_names()) {
        INFO(command);
        bool walked = false;
        for (const Arguments& arguments : printing_commands("w", "out"))
            walked |= arguments[0] == command && arguments.back() != "--help";
        CHECK(walked);
    }
}

TEST_CASE("every command says when standard output takes nothing, with exit code 2") {
    const TempFolder temp;
    const std::string weights = copy_of_weights(temp, "w.npy");
    for (const Arguments& arguments : printing_commands(weights, temp / "out")) {
        INFO(text_of(arguments));
        const auto full = run_program(arguments, "",
                                      [] { ::dup2(::open("/dev/full", O_WRONLY), STDOUT_FILENO); });
        CHECK(full.exit_code == 2);
        CHECK(full.err ==
              "attn-inspect: error: standard output: cannot write: No space left on device\n");
        const auto closed = run_program(arguments, "", [] { ::close(STDOUT_FILENO); });
        CHECK(closed.exit_code == 2);
        CHECK(closed.err ==
              "attn-inspect: error: standard output: cannot write: Bad file descriptor\n");
    }
}

TEST_CASE("a file that standard output goes to may be limited") {
    const auto result = run_program({"--help"}, "", [] { limit_file_size(100); });
    CHECK(result.exit_code == 2);
    CHECK(result.out.size() == 100);
}

TEST_CASE("a reader that leaves ends every command without a word") {
    const TempFolder temp;
    const std::string weights = copy_of_weights(temp, "w.npy");
    for (const auto handler : {SIG_DFL, SIG_IGN}) {
        for (const Arguments& arguments : printing_commands(weights, temp / "out")) {
            INFO(text_of(arguments));
            int ends[2];
            REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
            ::close(ends[0]);
            const auto result = run_program(arguments, "", [&] {
                ::dup2(ends[1], STDOUT_FILENO);
                std::signal(SIGPIPE, handler);
            });
            ::close(ends[1]);
            CHECK(result.exit_code == 128 + SIGPIPE);
            CHECK(result.err.empty());
        }
    }
}

TEST_CASE("a standard error that fails changes nothing") {
    const TempFolder temp;
    const std::string weights = copy_of_weights(temp, "w.npy");
    const Arguments good{"stats", golden("induction/scores0.npy")};  // warns
    const Arguments bad{"stats", temp / "none.npy"};
    REQUIRE_FALSE(run_program(good).err.empty());
    const Preparation failing[] = {
        [] { ::dup2(::open("/dev/full", O_WRONLY), STDERR_FILENO); },
        [] { ::close(STDERR_FILENO); },
        [] {
            int ends[2];
            if (::pipe2(ends, O_CLOEXEC) == 0) ::dup2(ends[1], STDERR_FILENO);
        },
    };
    for (const Preparation& fail : failing) {
        CHECK(run_program(good, "", fail).exit_code == 0);
        CHECK(run_program(bad, "", fail).exit_code == 2);
    }
}

TEST_CASE("names of files cannot steer the terminal, whatever command prints them") {
    const TempFolder temp;
    const std::string weights = copy_of_weights(temp, kHostileBytes + ".npy");
    for (const Arguments& arguments : printing_commands(weights, temp / ("out" + kHostileBytes))) {
        const auto result = run_program(arguments);
        check_harmless(arguments, result);
        CHECK(result.exit_code <= 1);
    }
    for (const char* name :
         {"run", "heatmap", "stats", "check", "compare", "diagnose", "grad", "monitor", "info"}) {
        const std::string none = temp / ("none" + kHostileBytes);
        for (const Arguments& more : {Arguments{none},
                                      {none, none},
                                      {"-x", none, "-w", none, "-o", temp / "o"},
                                      {weights, "--tokens", none},
                                      {weights, "-o", weights},
                                      {"--" + kHostileBytes},
                                      {weights + ":" + kHostileBytes},
                                      {"--layout", kHostileBytes, weights},
                                      {weights, "--head", kHostileBytes},
                                      {weights, "--only", kHostileBytes}}) {
            const Arguments arguments = join({name}, more);
            check_harmless(arguments, run_program(arguments));
        }
    }
    for (const Arguments& arguments : {Arguments{kHostileBytes}, {"--threads", kHostileBytes}})
        check_harmless(arguments, run_program(arguments));
}

TEST_CASE("what files hold cannot steer the terminal: keys, texts, settings, tokens") {
    const TempFolder temp;
    const std::string text = R"(a\u001b[31m\nb\u202e\u009b\tc)";
    const std::string matrix = "[[1, 0], [0.5, 0.5]]";
    const std::string keys = temp.write(
        "keys.json", "{\"" + text + "\": " + matrix + ", \"" + text + "2\": " + matrix +
                         ", \"heads\": \"" + text + "\", \"t" + text + "\": [\"" + text + "\"]}");
    const std::string tokens = temp.write("tokens.json", "[\"" + text + "\", \"" + text + "\"]");
    const std::string w = temp.write("w.json", matrix);
    const std::string damaged =
        temp.write("damaged.npy", npy_bytes("{'descr': '" + kHostileBytes + "'}", ""));
    for (const Arguments& arguments :
         {Arguments{"info", keys},
          {"info", keys, "--json"},
          {"stats", keys},
          {"check", keys},
          {"compare", keys, w},
          {"stats", keys + ":" + kHostile},
          {"info", keys + ":" + kHostile},
          {"heatmap", w, "--terminal", "--tokens", tokens},
          {"heatmap", w, "-o", temp / "a.png", "--tokens", tokens},
          {"run", "-q", w, "-k", w, "-v", w, "--heads", "1", "-o", temp / "out", "--tokens", tokens,
           "--json"},
          {"run", "-x", w, "-w", keys, "-o", temp / "out"},
          {"diagnose", "-x", w, "-w", keys, "--observed", w},
          {"info", damaged},
          {"stats", damaged},
          {"run", "-q", damaged, "-k", w, "-v", w, "-o", temp / "out"}}) {
        check_harmless(arguments, run_program(arguments));
    }
    const auto shown = run_program({"heatmap", w, "--terminal", "--tokens", tokens});
    CHECK(shown.exit_code == 0);
    CHECK_THAT(shown.out, Catch::Contains("a\\x1b[31m"));
}

TEST_CASE("the warnings of every command are silenced by --quiet, errors are not") {
    const TempFolder temp;
    std::string numbers;
    for (int i = 0; i < 81; ++i) numbers += bytes_of<double>({1.0 / 3});
    const std::string cube =
        temp.write("cube.npy", npy_bytes(npy_dictionary("<f8", "(3, 3, 3, 3)"), numbers));
    const std::string mask = temp.write(
        "mask.npy", npy_bytes(npy_dictionary("<f8", "(3,)"), bytes_of<double>({1, 1, 0})));
    const std::string x = temp.write("x.json", "[[[1, 0], [0.5, 0.5], [1, 1]]]");
    for (const Arguments& arguments :
         {Arguments{"look", cube},
          {"stats", cube},
          {"check", cube},
          {"compare", cube, cube},
          {"heatmap", cube, "--terminal"},
          {"heatmap", cube, "-o", temp / "pictures"},
          {"run", "-q", x, "-k", x, "-v", x, "--mask", mask, "-o", temp / "out"}}) {
        INFO(text_of(arguments));
        CHECK_THAT(run_program(arguments).err, Catch::StartsWith("attn-inspect: warning: "));
        CHECK(run_program(join(arguments, {"--quiet"})).err.empty());
        CHECK(run_program(join({"--quiet"}, arguments)).err.empty());
    }
    CHECK_THAT(run_program({"stats", temp / "none.npy", "--quiet"}).err,
               Catch::StartsWith("attn-inspect: error: "));
}

TEST_CASE("one token of a megabyte is no work for a terminal") {
    const TempFolder temp;
    const std::string w = temp.write("w.json", "[[1, 0], [0.5, 0.5]]");
    const std::string tokens =
        temp.write("tokens.txt", std::string(std::size_t{1} << 20, 'x') + "\ny\n");
    const auto result = run_program({"heatmap", w, "--terminal", "--tokens", tokens});
    CHECK(result.exit_code == 0);
    CHECK(result.seconds < patient(2));
    CHECK_THAT(result.out, Catch::Contains("\nxxxxxxxxx ") && Catch::Contains("\n        y "));
}
