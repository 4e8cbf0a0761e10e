// look at folders that hold results, but no attention.
#include <catch2/catch.hpp>

#include "support/arrays.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
using Catch::Contains;

namespace {

ProgramResult done(std::vector<std::string> words) {
    words.push_back("--quiet");
    const ProgramResult result = run_program(words);
    INFO(result.err);
    REQUIRE(result.exit_code < 2);
    return result;
}

const std::string kLayers = "[[[[1, 0], [0.5, 0.5]]], [[[1, 0], [0.25, 0.75]]]]";

}  // namespace

TEST_CASE("look says what a folder of rollout holds, and how to draw it") {
    const TempFolder folder;
    const std::string layers = folder.write("layers.json", kLayers), out = folder / "made-of";
    done({"rollout", layers, "-o", out});
    const ProgramResult look = run_program({out});
    CHECK(look.exit_code == 0);
    CHECK_THAT(look.out, Contains("results of rollout, method attention, of 2 layers x 1 head") &&
                             Contains("rollout.npy --axes q,k -o picture.png") &&
                             Contains("attn-inspect info"));
    // The command that it names works.
    done({"heatmap", out + "/rollout.npy", "--axes", "q,k", "-o", folder / "picture.png"});
}

TEST_CASE("look says what a folder of grad holds") {
    const TempFolder folder;
    const std::string out = folder / "gradients";
    done({"grad", "-w", sample("model.json"), "-o", out, "--save", "weights"});
    const ProgramResult look = run_program({"look", out});
    CHECK(look.exit_code == 0);
    CHECK_THAT(look.out, Contains("results of grad, upstream sum") &&
                             Contains("--method gradient-rollout --gradients"));
}

TEST_CASE("look at a folder of monitor fails where an alarm was raised, and says which") {
    const TempFolder folder;
    const std::string layers = folder.write("step1.json", kLayers),
                      same = folder.write("step2.json", kLayers),
                      other = folder.write("step3.json",
                                           "[[[[1, 0], [0.4, 0.6]]], [[[1, 0], [0.2, 0.8]]]]");
    done({"monitor", layers, other, "-o", folder / "good"});
    done({"monitor", layers, same, "-o", folder / "bad"});
    const ProgramResult good = run_program({"look", folder / "good"});
    INFO(good.out << good.err);
    CHECK(good.exit_code == 0);
    CHECK_THAT(good.out, Contains("results of monitor, 2 steps from 1 to 3, 0 alarms"));
    const ProgramResult bad = run_program({"look", folder / "bad"});
    CHECK(bad.exit_code == 1);
    CHECK_THAT(bad.out, Contains("FAIL duplicate_checkpoint at step 2"));
    // A line each.
    CHECK_THAT(run_program({"look", folder / "good", folder / "bad"}).out,
               Contains("results of monitor"));
}

TEST_CASE("look at results of other commands names the command") {
    const TempFolder folder;
    const std::string attention = folder.write("w.json", "[[1, 0], [0.5, 0.5]]");
    done({"heatmap", attention, "-o", folder / "pictures"});
    CHECK_THAT(run_program({"look", folder / "pictures"}).out, Contains("results of heatmap"));
}

TEST_CASE("a folder of monitor whose report is damaged is refused in one line") {
    const TempFolder folder;
    done({"monitor", folder.write("step1.json", kLayers), "-o", folder / "out"});
    folder.write("out/monitor.json", "{");
    const ProgramResult look = run_program({"look", folder / "out"});
    CHECK(look.exit_code == 2);
    CHECK_THAT(look.err, Contains("monitor.json"));
}
