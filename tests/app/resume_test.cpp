// run --resume after the process was killed, wherever it was.
#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <thread>

#include "support/arrays.hpp"
#include "support/folder_contents.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;

TEST_CASE("a run that is killed goes on with --resume and writes the same bytes") {
    const TempFolder folder;
    const std::vector<std::string> words{
        "run",      "-x",     sample("batch_embeddings.npy"),  "-w", sample("weights"),
        "--causal", "--save", "weights,output,stats,heatmaps", "-o"};
    const auto to = [&](const std::string& output, bool resume) {
        std::vector<std::string> all = words;
        all.push_back(output);
        if (resume) all.push_back("--resume");
        return all;
    };
    REQUIRE(run_program(to(folder / "whole", false)).exit_code == 0);
    const auto whole = contents(folder / "whole");
    for (const int moment : {50, 150, 400}) {
        const std::string out = folder / ("out" + std::to_string(moment));
        RunningProgram killed(to(out, true));
        std::this_thread::sleep_for(std::chrono::milliseconds(moment));
        killed.send(SIGKILL);
        killed.wait();
        REQUIRE(run_program(to(out, true)).exit_code == 0);
        CHECK(contents(out) == whole);
    }
}
