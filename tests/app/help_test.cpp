// What the program says about itself: short help, long help, and what it suggests.
#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "support/help.hpp"
#include "support/program.hpp"

using attn::test::command_names;
using attn::test::run_program;
using Catch::Contains;

TEST_CASE("without a command, with help or -h, the program shows its commands") {
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{}, {"help"}, {"-h"}, {"--help"}, {"--help-all"}}) {
        const auto result = run_program(arguments);
        CHECK(result.exit_code == 0);
        CHECK(result.err.empty());
        CHECK_THAT(result.out, Contains("attn-inspect COMMAND [flags]"));
        CHECK_THAT(result.out, Contains("Exit codes"));
    }
    CHECK(command_names().size() >= 7);
}

TEST_CASE("the short help of every command fits a screen and ends with a line to paste") {
    for (const std::string& command : command_names()) {
        INFO(command);
        const std::string help = run_program({command, "--help"}).out;
        CHECK(help == run_program({"help", command}).out);
        CHECK(help == run_program({command, "-h"}).out);
        CHECK(std::count(help.begin(), help.end(), '\n') < 60);
        CHECK_THAT(help, Contains("Example\n  attn-inspect " + command + " "));
        CHECK_THAT(help, Contains("--help-all"));
        std::istringstream lines(help);
        for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 84);
    }
}

TEST_CASE("the long help has every flag of the short one, and those for every command") {
    for (const std::string& command : command_names()) {
        INFO(command);
        std::istringstream lines(run_program({command, "--help"}).out);
        const std::string all = run_program({command, "--help-all"}).out;
        for (std::string line; std::getline(lines, line);) {
            if (line.compare(0, 3, "  -") == 0)
                CHECK_THAT(all, Contains(line.substr(0, line.find("  ", 3))));
        }
        CHECK_THAT(all, Contains("For every command"));
        CHECK_THAT(all, Contains("--threads N"));
    }
    CHECK_THAT(run_program({"stats", "--help-all"}).out, Contains("effective_keys"));
    CHECK_THAT(run_program({"check", "--help-all"}).out, Contains("causal_leak"));
}

TEST_CASE("a command that nobody knows is answered with the nearest") {
    const auto result = run_program({"help", "stat"});
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, Contains("unknown command stat; did you mean stats?"));
}

TEST_CASE("a word that a flag does not know is answered with those it knows") {
    const auto result = run_program({"run", "--kv-order", "repeta", "-w", "x", "-o", "y"});
    CHECK(result.exit_code == 2);
    CHECK(
        result.err ==
        "attn-inspect: error: --kv-order repeta: expected repeat or tile; did you mean repeat?\n");
}

TEST_CASE("a short flag may have an equals sign before its value") {
    CHECK_THAT(run_program({"run", "-w=no/such/file", "-o=out"}).err, Contains("no/such/file: "));
    CHECK_THAT(run_program({"run", "-w=no/such/file", "-o=out"}).err, !Contains("=no"));
}

TEST_CASE("one spelling of layers and heads is as good as the other") {
    const std::string array =
        std::string(ATTN_SOURCE_DIR) + "/data/induction/model.json:layers/0/W_Q";
    for (const char* flag :
         {"--layer", "--layers", "--head", "--select-heads", "--heads", "--seq"}) {
        INFO(flag);
        CHECK_THAT(run_program({"stats", array, flag, "x"}).err, Contains("expected"));
    }
}

TEST_CASE("what the parser refuses is said in sentences, without its own words") {
    const std::vector<std::pair<std::vector<std::string>, std::string>> lines{
        {{"run", "--heads"}, "--heads: is given without a value; expected N "},
        {{"run", "-w"}, "--weights: is given without a value; expected FILE|DIR "},
        {{"--threads"}, "--threads: is given without a value; expected N "},
        {{"run", "--heads", "four"}, "--heads four: expected a whole number from 1 to 1048576"},
        {{"--threads", "four", "info", "a"}, "--threads four: expected a whole number"},
        {{"stats", "a", "--cluster-threshold", "0.2"},
         "--cluster-threshold: has no effect without --similarity"},
        {{"run"}, "--output: is required"},
        {{"compare", "a"}, "b: is missing"},
        {{"stats"}, "source: is missing"},
        {{"--quiet"}, "neither a command nor a file was given"},
        {{"run", "-o", "a", "-o", "b"}, "--output: is given 2 times"},
        {{"stats", "a", "--json=1"}, "--json: is a switch, it takes no value"},
        {{"compare", "a", "b", "c"}, "unknown argument c"},
    };
    for (const auto& [words, sentence] : lines) {
        const auto result = run_program(words);
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Catch::StartsWith("attn-inspect: error: " + sentence));
        CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    }
}

TEST_CASE("a part of a name, or its plural, is enough to suggest it") {
    const std::string array = std::string(ATTN_SOURCE_DIR) + "/tests/golden/stats/causal.npy";
    const std::vector<std::pair<std::vector<std::string>, std::string>> lines{
        {{"check", array, "--only", "causal"},
         "--only causal: is no check; did you mean causal_leak?"},
        {{"check", array, "--skip", "heads"}, "did you mean duplicate_heads?"},
        {{"stats", array, "--sort", "normalised"}, "did you mean entropy_normalised?"},
        {{"stats", array, "--first"}, "unknown option --first; did you mean --"},
        {{"run", "-w", "x", "-o", "y", "--save", "context_weights"}, "did you mean weights?"},
    };
    for (const auto& [words, sentence] : lines) {
        const auto result = run_program(words);
        INFO(result.err);
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Contains(sentence));
    }
}

TEST_CASE("measures are columns of a table") {
    const std::string array = std::string(ATTN_SOURCE_DIR) + "/tests/golden/stats/causal.npy";
    const auto result = run_program({"stats", array, "--measures", "entropy", "--heads", "0"});
    CHECK(result.exit_code == 0);
    CHECK(result.out == run_program({"stats", array, "--columns", "entropy", "--head", "0"}).out);
}
