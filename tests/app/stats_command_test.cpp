// Every measure against NumPy in float64, and what is said when a request makes no sense.
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/arrays.hpp"
#include "support/npy_bytes.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
using Json = nlohmann::json;

namespace {

Json stats_of(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "stats");
    arguments.emplace_back("--json");
    const auto result = run_program(arguments);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return Json::parse(result.out);
}

void check_refused(const std::vector<std::string>& arguments, const std::string& text) {
    std::vector<std::string> all{"stats"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const auto result = run_program(all);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, Catch::Contains(text));
}

}  // namespace

TEST_CASE("every measure agrees with NumPy in float64") {
    std::ifstream stream(golden("stats/expected.json"));
    for (const Json& test : Json::parse(stream)) {
        std::vector<std::string> arguments{golden("stats/" + test["file"].get<std::string>()),
                                           "--tokens",
                                           golden("stats/tokens.json"),
                                           "--pattern-score",
                                           test["kind"],
                                           "--similarity"};
        if (test["exclude"]) {
            arguments.emplace_back("--exclude-first-key");
            arguments.emplace_back("--exclude-self");
        }
        const Json found = stats_of(arguments);
        REQUIRE(found["heads"].size() == test["heads"].size());
        for (std::size_t head = 0; head < found["heads"].size(); ++head) {
            for (const auto& [name, value] : test["heads"][head].items()) {
                INFO(test["file"] << " head " << head << " " << name << " " << test["kind"]);
                const Json& mine = found["heads"][head][name];
                REQUIRE(mine.is_number());
                CHECK(mine.get<double>() == Approx(value.get<double>()).epsilon(1e-5).margin(2e-6));
            }
            for (std::size_t other = 0; other < found["heads"].size(); ++other) {
                CHECK(found["layers"][0]["divergence"][head][other].get<double>() ==
                      Approx(test["divergence"][head][other].get<double>()).margin(2e-6));
            }
        }
    }
}

TEST_CASE("the sample's heads are what they were trained to be") {
    const TempFolder folder;
    run_program({"run", "-w", sample("model.json"), "--save", "weights,scores,stats", "-o",
                 folder / "out"});
    const Json heads = stats_of({folder / "out"})["heads"];
    CHECK(heads[3]["previous_token"].get<double>() > 0.6);
    CHECK(heads[1]["duplicate_token"].get<double>() > 0.1);
    for (const int head : {5, 6, 7}) CHECK(heads[head]["induction"].get<double>() > 0.4);
    CHECK(heads[0]["entropy_normalised"].get<double>() > 0.999);

    const auto top = run_program({"stats", folder / "out", "--sort", "induction", "--top", "1"});
    CHECK_THAT(top.out, Catch::Contains("\n    1     3 "));
    const Json similar = stats_of({folder / "out", "--similarity"})["layers"];
    CHECK(similar[0]["redundant"] == Json::parse("[[0, 2]]"));
    CHECK(similar[1]["clusters"] == Json::parse("[[1, 2, 3]]"));
}

TEST_CASE("run --save stats measures the same, and the scores, in one pass and on any thread") {
    const TempFolder folder;
    for (const std::string threads : {"1", "2"}) {
        run_program({"--threads", threads, "run", "-w", sample("model.json"), "--save",
                     "weights,scores,logsumexp,stats", "-o", folder / threads});
    }
    CHECK(read_file(folder / "1/stats.json") == read_file(folder / "2/stats.json"));
    const Json computed = Json::parse(read_file(folder / "1/stats.json"))["heads"];
    const Json stored = stats_of({folder / "1"})["heads"];
    for (std::size_t head = 0; head < stored.size(); ++head) {
        for (const auto& [name, value] : stored[head].items()) {
            INFO(head << " " << name);
            if (name.find("score") != std::string::npos) {
                CHECK(value.is_null());
                CHECK(computed[head][name].is_number());
            } else {
                CHECK(computed[head][name].get<double>() == Approx(value.get<double>()));
            }
        }
    }
    const auto scores = load(folder / "1/layer00/scores.npy");
    const auto weights = load(folder / "1/layer00/weights.npy");
    const auto sums = load(folder / "1/layer00/logsumexp.npy");
    double high = -1e9, worst = 0;
    for (std::size_t cell = 0; cell < scores.size(); ++cell) {
        if (cell < scores.size() / 4) high = std::max(high, scores.data()[cell]);
        const double weight = std::exp(scores.data()[cell] - sums.data()[cell / 49]);
        worst = std::max(worst, std::abs(weight - weights.data()[cell]));
    }
    CHECK(computed[0]["max_score"].get<double>() == Approx(high));
    CHECK(worst < 1e-6);
}

TEST_CASE("tables are for people, CSV and JSON for programs") {
    const auto table =
        run_program({"stats", golden("stats/causal.npy"), "--columns", "entropy,sink"});
    CHECK_THAT(table.out, Catch::StartsWith("layer  head  entropy") &&
                              Catch::Contains("sink rate: key 0 receives more than 0.3 in 25 % "));
    const auto csv = run_program({"stats", golden("stats/causal.npy"), "--csv"});
    std::istringstream lines(csv.out);
    std::string line;
    std::getline(lines, line);
    CHECK_THAT(line, Catch::StartsWith("layer,head,entropy,entropy_normalised,"));
    int rows = 0;
    const auto commas = std::count(line.begin(), line.end(), ',');
    for (; std::getline(lines, line); ++rows)
        CHECK(std::count(line.begin(), line.end(), ',') == commas);
    CHECK(rows == 4);
}

TEST_CASE("what each key receives can be written") {
    const TempFolder folder;
    run_program({"stats", golden("stats/causal.npy"), "--received", folder / "r.npy", "--quiet"});
    const auto received = load(folder / "r.npy");
    CHECK(received.shape() == attn::Shape{4, 37});
    const auto weights = load(golden("stats/causal.npy"));
    double expected = 0;
    for (std::size_t row = 0; row < 37; ++row) expected += weights.data()[37 * 37 + row * 37 + 2];
    CHECK(received.data()[37 + 2] == Approx(expected));
}

TEST_CASE("requests that make no sense are refused in one line") {
    const TempFolder folder;
    const std::string file = golden("stats/causal.npy");
    check_refused({file, "--sort", "entrpy"},
                  "--sort entrpy: is no measure; did you mean entropy?");
    check_refused({file, "--columns", "entropy,foo"}, "--columns foo: is no measure");
    check_refused({file, "--json", "--csv"}, "exclude each other");
    check_refused({file, "--tokens", folder.write("two.txt", "a\nb\n")}, "two.txt: has 2 tokens");
    check_refused({file, "--layer", "3"}, "--layer 3");
    check_refused({file, "--cluster-threshold", "0.2"}, "--similarity");
    check_refused({file, "--similarity", "--cluster-threshold", "-1"}, "--cluster-threshold");
    check_refused({folder.write("line.npy", npy_floats("(3,)", {1, 2, 3}))}, "[3]");
    check_refused({folder / "nothing.npy"}, "nothing.npy");
    const std::string wide = folder.write("wide.npy", npy_floats("(2, 3)", {1, 0, 0, 1, 0, 0}));
    check_refused({wide, "--tokens", folder.write("2.txt", "a\nb\n")}, "as many keys as queries");
}
