#include <catch2/catch.hpp>

#include "support/program.hpp"

using attn::test::run_program;

TEST_CASE("help and version go to stdout, wherever they stand") {
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"--version"}, {"run", "--version"}, {"info", "--version"}}) {
        const auto result = run_program(arguments);
        CHECK(result.exit_code == 0);
        CHECK(result.out == "attn-inspect 0.1.0\n");
        CHECK(result.err.empty());
    }
    for (const char* command : {"run", "heatmap", "info"}) {
        const auto result = run_program({command, "--help"});
        CHECK(result.exit_code == 0);
        CHECK_THAT(result.out, Catch::Contains("Usage: attn-inspect"));
        CHECK(result.err.empty());
    }
    CHECK_THAT(run_program({"--help"}).out, Catch::Contains("Exit codes"));
}

TEST_CASE("mistakes on the command line are one line and exit code 2") {
    struct Row {
        std::vector<std::string> arguments;
        const char* text;
    };
    const Row rows[] = {
        {{"runn"}, "neither a command nor a file: runn; did you mean run?"},
        {{"run", "--cuasal", "-w", "x", "-o", "y"},
         "unknown option --cuasal; did you mean --causal?"},
        {{"run", "-o", "y"}, "--weights"},
        {{"run", "-w", "x"}, "--output"},
        {{"run", "-w", "x", "-o", "y", "--heads", "0"}, "--heads"},
        {{"run", "-w", "x", "-o", "y", "--heads", "many"}, "--heads"},
        {{"run", "-w", "x", "-o", "y", "--scale", "wide"}, "--scale"},
        {{"run", "-w", "x", "-o", "y", "--precision", "f16"}, "--precision"},
        {{"run", "-w", "x", "-o", "y", "--colormap", "virids"}, "did you mean viridis?"},
        {{"run", "-w", "x", "-o", "y", "--save", "wieghts"}, "did you mean weights?"},
        {{"run", "-w", "x", "-o", "y", "--layers", "1-"},
         "--layers 1-: expected indices such as 0,3-5"},
        {{"--threads", "0", "info", "x"}, "--threads"},
        {{"heatmap", "x.npy"}, "needs --output DIR or FILE.png"},
        {{"heatmap", "x.npy", "-o", "y", "--scale", "cubic"}, "expected linear, sqrt or log"},
        {{"heatmap", "x.npy", "-o", "y", "--cell", "0"}, "--cell"},
        {{"info"}, "source"},
    };
    for (const Row& row : rows) {
        const auto result = run_program(row.arguments);
        INFO(row.text);
        CHECK(result.exit_code == 2);
        CHECK(result.out.empty());
        CHECK_THAT(result.err,
                   Catch::StartsWith("attn-inspect: error: ") && Catch::Contains(row.text));
        CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    }
}
