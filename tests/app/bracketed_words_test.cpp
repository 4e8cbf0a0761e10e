// Names of files in brackets are names, not lists, wherever a file stands on the line.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;

TEST_CASE("files whose names stand in brackets are read, written and named so") {
    const TempFolder folder;
    const std::filesystem::path here = std::filesystem::current_path();
    std::filesystem::current_path(folder / "");
    folder.write("b", "not this one");
    for (const std::string name : {"[b]", "[b,c]", "[]", "{}", "%%"}) {
        INFO(name);
        folder.write(name, "[[1, 0], [0.5, 0.5]]");
        for (const char* command : {"look", "info", "check", "stats"}) {
            const ProgramResult result = run_program({command, name});
            CHECK(result.exit_code == 0);
            CHECK(result.err.empty());
        }
        CHECK(run_program({"compare", name, name}).exit_code == 0);
        CHECK_THAT(run_program({"check", name, name, "--json"}).out,
                   Catch::Contains("\"source\": \"" + name + "\""));
        CHECK(run_program({"check", name, "--mask", name}).exit_code == 0);
        CHECK(run_program({"heatmap", name, "-o", "out", "--title", name}).exit_code == 0);
        CHECK(run_program({"heatmap", name, "-o", "[out]"}).exit_code == 0);
        CHECK(std::filesystem::exists("[out]/manifest.json"));
        CHECK_THAT(run_program({"stats", name, "[missing]"}).err,
                   Catch::Contains("error: [missing]: cannot open"));
        CHECK_THAT(run_program({"compare", name, name, "[more]"}).err,
                   Catch::Contains("unknown argument [more]"));
    }
    std::filesystem::current_path(here);
}

TEST_CASE("an array of standard input is named by its key, as one of a file") {
    const TempFolder folder;
    const std::string bytes = R"({"a": [[1, 0], [0.5, 0.5]], "b": [[1, 0], [1, 0]]})";
    for (const char* command : {"look", "stats", "check"})
        CHECK(run_program({command, "-:a"}, bytes).exit_code == 0);
    CHECK_THAT(run_program({"-:a"}, bytes).out, Catch::Contains("causal"));
}
