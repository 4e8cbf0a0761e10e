// run --save check: the verdicts of check on attention that streams by and is not kept.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/arrays.hpp"
#include "support/npy_bytes.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
using Json = nlohmann::json;

namespace {

using Words = std::vector<std::string>;

// What a document of checks says, but for the sentences.
Words verdicts(const Json& document) {
    Words words;
    for (const Json& check : document["checks"])
        words.push_back(check["name"].get<std::string>() + " " +
                        check["verdict"].get<std::string>() + " " + check["worst"].dump() + " " +
                        check["place"].dump());
    return words;
}

Json run_checks(const TempFolder& folder, Words arguments, int exit_code = 0) {
    arguments.insert(arguments.begin(), "run");
    arguments.insert(arguments.end(), {"--save", "scores,weights,check", "-o", folder / "out"});
    const auto result = run_program(arguments);
    INFO(result.err);
    CHECK(result.exit_code == exit_code);
    return Json::parse(read_file(folder / "out/check.json"));
}

}  // namespace

TEST_CASE("the checks of a run are those of its folder, whatever masks it has") {
    const TempFolder folder;
    const std::string model = sample("model.json");
    for (const Words& flags : {Words{"--causal"}, Words{"--no-causal"}, Words{"--window", "3,0"},
                               Words{"--key-lengths", "20"}, Words{"--precision", "f64"},
                               Words{"--head", "3"}, Words{"--head", "1,3", "--layers", "1"}}) {
        Words arguments{"-w", model};
        arguments.insert(arguments.end(), flags.begin(), flags.end());
        const Json own = run_checks(folder, arguments);
        const auto stored = run_program({"check", folder / "out", "--json"});
        INFO(flags[0]);
        CHECK(own["passed"] == true);
        CHECK(verdicts(own) == verdicts(Json::parse(stored.out)));
    }
}

TEST_CASE("heads that are the same are found though their weights are not kept") {
    const TempFolder folder;
    const std::string q = folder.write(
        "q.json", "[[[1, 0], [0, 2], [1, 1]], [[1, 0], [0, 2], [1, 1]], [[0, 1], [1, 0], [2, 1]]]");
    const auto result =
        run_program({"run", "-q", q, "-k", q, "-v", q, "--save", "check", "-o", folder / "out"});
    CHECK(result.exit_code == 0);
    CHECK_FALSE(std::filesystem::exists(folder / "out/layer00/weights.npy"));
    const Json checks = Json::parse(read_file(folder / "out/check.json"))["checks"];
    const auto line = std::find_if(checks.begin(), checks.end(), [](const Json& check) {
        return check["name"] == "duplicate_heads";
    });
    REQUIRE(line != checks.end());
    CHECK((*line)["verdict"] == "warning");
    CHECK((*line)["message"] == "head 1 is the same as head 0");
}

TEST_CASE("heads that are left out change no number of those that are checked") {
    const TempFolder folder;
    const std::string q = folder.write(
        "q.json", "[[[1, 0], [0, 2]], [[0, 1], [1, 0]], [[3, 0], [0, 2]], [[3, 0], [0, 2]]]");
    const auto result = run_program({"run", "-q", q, "-k", q, "-v", q, "--save", "check", "--head",
                                     "0,2-3", "-o", folder / "out"});
    CHECK(result.exit_code == 0);
    const std::string document = read_file(folder / "out/check.json");
    CHECK_THAT(document, Catch::Contains("head 3 is the same as head 2"));
}

TEST_CASE("a check of a run that fails is a line, exit code 1, and the results are there") {
    const TempFolder folder;
    const std::string q = folder.write("q.json", "[[[1, 0], [0, 1]]]");
    const std::string k = folder.write("k.npy", npy_floats("(1, 2, 2)", {std::nanf(""), 0, 0, 1}));
    const auto result = run_program({"run", "-q", q, "-k", k, "-v", q, "--allow-nonfinite",
                                     "--save", "weights,check", "-o", folder / "out"});
    CHECK(result.exit_code == 1);
    CHECK_THAT(result.err, Catch::Contains("attn-inspect: error: check: finite: ") &&
                               Catch::Contains("(layer 0, head 0, query 0, key 0)"));
    CHECK(Json::parse(read_file(folder / "out/check.json"))["passed"] == false);
    CHECK(std::filesystem::exists(folder / "out/layer00/weights.npy"));
}

TEST_CASE("a look at a run without weights tells what its checks said") {
    const TempFolder folder;
    const std::string q = folder.write("q.json", "[[[1, 0], [0, 1]]]");
    const std::string k = folder.write("k.npy", npy_floats("(1, 2, 2)", {std::nanf(""), 0, 0, 1}));
    run_program({"run", "-q", q, "-k", q, "-v", q, "--save", "check", "-o", folder / "good"});
    run_program({"run", "-q", q, "-k", k, "-v", q, "--allow-nonfinite", "--save", "check", "-o",
                 folder / "bad"});
    const auto good = run_program({"look", folder / "good"});
    CHECK(good.exit_code == 0);
    CHECK_THAT(good.out, Catch::Contains("without weights; its checks passed"));
    const auto bad = run_program({"look", folder / "bad"});
    CHECK(bad.exit_code == 1);
    CHECK_THAT(bad.out, Catch::Contains("check finite: "));
}
