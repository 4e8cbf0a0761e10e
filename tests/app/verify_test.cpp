// run --verify and run --engine xtensor: what the engine computes and its definition agree.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "support/array_files.hpp"
#include "support/commands.hpp"
#include "support/program.hpp"

using namespace attn::test;

namespace {

std::string verify_file(const std::string& name) {
    return golden("flags/" + name);
}

// Ways to compute attention, each with conventions of its own.
std::vector<Arguments> problems() {
    const Arguments heads{"-q", verify_file("q.npy"), "-k", verify_file("k.npy"),
                          "-v", verify_file("v.npy")};
    return {
        {"-w", sample("model.json")},
        {"-w", sample("model.json"), "--layers", "1", "--head", "0,3"},
        join(kSampleModel, {"--causal", "--window", "3,-1"}),
        join(heads,
             {"--softcap", "3", "--bias", verify_file("bias5.npy"), "--scores-at", "scaled"}),
        join(heads, {"--rope", "--rope-dim", "2", "--past-key", verify_file("past_key.npy"),
                     "--past-value", verify_file("past_value.npy"), "--causal"}),
        join(heads, {"--key-lengths", "3,5", "--sink", verify_file("sink.npy"), "--alibi"}),
        join(heads, {"--mask", verify_file("allow.npy"), "--relative-bias",
                     verify_file("table.npy"), "--scale", "1", "--precision", "f64"}),
    };
}

ProgramResult run_with(const Arguments& problem, const std::string& out, const Arguments& more) {
    const auto result = run_program(
        join(join({"run", "-o", out, "--save", "scores,weights,context,output"}, problem), more));
    INFO(result.err);
    CAPTURE(problem, more);
    REQUIRE(result.exit_code == 0);
    return result;
}

std::vector<std::string> arrays_of(const std::string& out) {
    std::vector<std::string> arrays;
    const auto manifest = nlohmann::json::parse(read_file(out + "/manifest.json"));
    for (const std::string file : manifest["files"]) {
        if (file.find(".npy") != std::string::npos) arrays.push_back(file);
    }
    return arrays;
}

}  // namespace

TEST_CASE("run --verify says how much agrees with the definition") {
    const TempFolder folder;
    for (const Arguments& problem : problems()) {
        const auto result = run_with(problem, folder / "out", {"--verify"});
        CHECK_THAT(result.out, Catch::Contains("verified by the definition: "));
        const auto manifest = nlohmann::json::parse(read_file(folder / "out/manifest.json"));
        const auto& verification = manifest["verification"];
        CHECK(verification["passed"] == true);
        CHECK(verification["first"].is_null());
        CHECK(verification["rows"] == verification["all_rows"]);
        CHECK(verification["rows"] > 0);
        CHECK(verification["largest"] <= 1);
    }
}

TEST_CASE("run --engine xtensor computes the same within rounding, whatever is asked for") {
    const TempFolder folder;
    for (const Arguments& problem : problems()) {
        run_with(problem, folder / "tiled", {});
        run_with(problem, folder / "plain", {"--engine", "xtensor", "--verify"});
        const auto arrays = arrays_of(folder / "tiled");
        REQUIRE(!arrays.empty());
        CHECK(arrays_of(folder / "plain") == arrays);
        for (const std::string& array : arrays) {
            CAPTURE(problem, array);
            const auto tiled = load(folder / ("tiled/" + array));
            double largest = 1;
            for (const double value : tiled.values())
                if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
            CHECK(max_difference(tiled, load(folder / ("plain/" + array))) < 2e-5 * largest);
        }
    }
}

TEST_CASE("run --engine xtensor gives statistics and pictures too") {
    const TempFolder folder;
    const auto run = [&](const std::string& engine) {
        const auto result =
            run_program({"run", "-w", sample("model.json"), "-o", folder / engine, "--engine",
                         engine, "--save", "stats,received,logsumexp,hidden,heatmaps"});
        INFO(result.err);
        REQUIRE(result.exit_code == 0);
        return nlohmann::json::parse(read_file(folder / (engine + "/stats.json")));
    };
    const auto tiled = run("tiled"), plain = run("xtensor");
    REQUIRE(tiled.size() == plain.size());
    for (const char* array : {"layer01/hidden.npy", "layer00/logsumexp.npy"}) {
        CHECK(max_difference(load(folder / ("tiled/" + std::string(array))),
                             load(folder / ("xtensor/" + std::string(array)))) < 1e-4);
    }
    const auto info = run_program({"info", folder / "xtensor"});
    CHECK_THAT(info.out, Catch::Contains("engine = \"xtensor\""));
}

TEST_CASE("of much attention run --verify takes a sample") {
    const TempFolder folder;
    const attn::Shape shape{2, 700, 8};
    std::vector<std::string> files;
    for (unsigned i = 0; i < 3; ++i) {
        const auto array = random_array<float>(shape, i);
        files.push_back(write_array<float>(folder, std::to_string(i) + ".npy", shape,
                                           {array.data(), array.data() + array.size()}));
    }
    const auto result = run_program({"run", "-q", files[0], "-k", files[1], "-v", files[2], "-o",
                                     folder / "out", "--save", "output", "--verify"});
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.out, Catch::Contains("verified by the definition: 374 of 1400 rows, of 2 "
                                           "heads in 1 layer; the largest difference is 0."));
}

TEST_CASE("rows that are not finite are left out of run --verify and counted") {
    const TempFolder folder;
    const auto q = write_array<float>(folder, "q.npy", {1, 2, 1}, {1, 3e38f});
    const auto k = write_array<float>(folder, "k.npy", {1, 2, 1}, {1, 3e38f});
    const auto result =
        run_program({"run", "-q", q, "-k", k, "-v", k, "-o", folder / "out", "--save", "weights",
                     "--verify", "--allow-nonfinite", "--causal"});
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.out, Catch::Contains("2 of 2 rows") &&
                               Catch::EndsWith("1 row left out for numbers that are not finite\n"));
}

TEST_CASE("an engine that does not exist is refused, and quiet verification is quiet") {
    const TempFolder folder;
    const auto wrong =
        run_program({"run", "-w", sample("model.json"), "-o", folder / "out", "--engine", "eigen"});
    CHECK(wrong.exit_code == 2);
    CHECK_THAT(wrong.err, Catch::Contains("--engine") && Catch::Contains("tiled"));
    const auto quiet = run_program({"run", "-w", sample("model.json"), "-o", folder / "out",
                                    "--save", "weights", "--verify", "--quiet"});
    CHECK(quiet.exit_code == 0);
    CHECK(quiet.out.empty());
}
