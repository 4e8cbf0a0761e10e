// Every measure against NumPy in float64, and what is said when a request makes no sense.
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/array_files.hpp"
#include "support/arrays.hpp"
#include "support/attention.hpp"
#include "support/npy_bytes.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"
#include "support/terminal.hpp"

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

Json golden_stats(const std::string& name) {
    std::ifstream stream(golden("stats/" + name + ".json"));
    return Json::parse(stream);
}

// Every measure that was expected is there, within a millionth part or `margin`.
void check_heads(const Json& found, const Json& expected, double margin) {
    REQUIRE(found.size() == expected.size());
    for (std::size_t head = 0; head < found.size(); ++head) {
        for (const auto& [name, value] : expected[head].items()) {
            INFO("head " << head << " " << name);
            REQUIRE(found[head][name].is_number());
            CHECK(found[head][name].get<double>() ==
                  Approx(value.get<double>()).epsilon(1e-5).margin(margin));
        }
    }
}

double apart(const Json& points, std::size_t a, std::size_t b) {
    return std::hypot(points[a][0].get<double>() - points[b][0].get<double>(),
                      points[a][1].get<double>() - points[b][1].get<double>());
}

void check_stats_refused(const std::vector<std::string>& arguments, const std::string& text) {
    std::vector<std::string> all{"stats"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const auto result = run_program(all);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, Catch::Contains(text));
}

}  // namespace

TEST_CASE("every measure agrees with NumPy in float64") {
    for (const Json& test : golden_stats("expected")) {
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
        INFO(test["file"] << " " << test["kind"] << " exclude " << test["exclude"]);
        const Json found = stats_of(arguments);
        check_heads(found["heads"], test["heads"], 2e-6);
        CHECK(found["sink_rate"] == test["sink_rate"]);
        const std::size_t heads = found["heads"].size();
        for (std::size_t head = 0; head < heads; ++head) {
            for (std::size_t other = 0; other < heads; ++other) {
                CHECK(found["layers"][0]["divergence"][head][other].get<double>() ==
                      Approx(test["divergence"][head][other].get<double>()).margin(2e-6));
                CHECK(apart(found["layers"][0]["positions"], head, other) ==
                      Approx(apart(test["positions"], head, other)).margin(1e-4));
            }
        }
    }
}

TEST_CASE("distances on a grid of patches agree with NumPy") {
    const Json found = stats_of({golden("stats/patches.npy"), "--grid", "3x4+1"});
    check_heads(found["heads"], golden_stats("patches"), 2e-6);
}

TEST_CASE("a run measures distances on a grid, too") {
    const TempFolder folder;
    const auto run = [&](const std::string& grid) {
        return run_program({"run", "-w", sample("model.json"), "--no-causal", "--save",
                            "stats,weights", "--grid", grid, "-o", folder / "out"});
    };
    REQUIRE(run("6x8+1").exit_code == 0);
    const Json computed = Json::parse(read_file(folder / "out/stats.json"))["heads"];
    const Json stored = stats_of({folder / "out", "--grid", "6x8+1"})["heads"];
    CHECK(computed[0]["distance"].get<double>() < 5);
    CHECK(computed[0]["distance"].get<double>() == Approx(stored[0]["distance"].get<double>()));
    CHECK_THAT(run("6x8").err, Catch::Contains("where 1 come before the patches write 6x8+1"));
}

TEST_CASE("scores and weights of the sample have the measures that NumPy finds") {
    const TempFolder folder;
    for (const auto& [precision, margin] : {std::pair("f64", 1e-9), std::pair("f32", 2e-5)}) {
        const std::string out = folder / precision;
        run_program({"run", "-w", sample("model.json"), "--precision", precision, "--save",
                     "weights,scores,stats", "-o", out});
        check_heads(Json::parse(read_file(out + "/stats.json"))["heads"], golden_stats("sample"),
                    margin);
        check_heads(stats_of({out})["heads"], golden_stats("sample"), 2e-5);
    }
}

TEST_CASE("masks, offsets, caches and sinks are measured as NumPy does") {
    const TempFolder folder;
    const auto path = [](const std::string& name) { return golden("flags/" + name); };
    for (const Json& test : golden_stats("computed")) {
        std::vector<std::string> arguments{"run",
                                           "--precision",
                                           "f64",
                                           "-o",
                                           folder / "out",
                                           "--save",
                                           "stats,received,weights,scores"};
        for (const std::string argument : test["arguments"]) {
            const bool file = argument.size() > 4 && argument.substr(argument.size() - 4) == ".npy";
            arguments.push_back(file ? path(argument) : argument);
        }
        INFO(test["arguments"]);
        const auto result = run_program(arguments);
        REQUIRE(result.exit_code == 0);
        check_heads(Json::parse(read_file(folder / "out/stats.json"))["heads"], test["heads"],
                    1e-9);
        const auto received = load(folder / "out/layer00/received.npy");
        const Json& expected = test["received"];
        REQUIRE(received.shape() ==
                attn::Shape{expected.size(), expected[0].size(), expected[0][0].size()});
        for (std::size_t i = 0; i < received.size(); ++i) {
            const std::size_t keys = received.extent(2), heads = received.extent(1);
            const Json& value = expected[i / keys / heads][i / keys % heads][i % keys];
            CHECK(received.data()[i] == Approx(value.get<double>()).margin(1e-9));
        }
        // The folder knows all but the mask array: how many keys a row has.
        const bool masked = test["arguments"].dump().find("--mask") != std::string::npos;
        if (!masked) check_heads(stats_of({folder / "out"})["heads"], test["heads"], 1e-5);
    }
}

TEST_CASE("tokens tell nothing of queries that stand elsewhere") {
    const TempFolder folder;
    for (const char* offset : {"--query-offset=2", "--query-offset=-3", "--query-offset=60"}) {
        const auto result = run_program({"run", "-w", sample("model.json"), "--causal", offset,
                                         "--save", "stats,weights", "-o", folder / "out"});
        CHECK(result.exit_code == 0);
        const Json heads = Json::parse(read_file(folder / "out/stats.json"))["heads"];
        CHECK(heads[0]["induction"].is_null());
    }
    check_stats_refused({folder / "out", "--tokens", sample("tokens.json")},
                        "need query 0 at key 0");
}

TEST_CASE("what is not weights is measured with a warning") {
    const TempFolder folder;
    run_program({"run", "-w", sample("model.json"), "--save", "scores", "-o", folder / "out"});
    const auto result = run_program({"stats", folder / "out/layer00/scores.npy"});
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.err, Catch::Contains("far from a sum of 1"));
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
            CHECK(computed[head][name].get<double>() == Approx(value.get<double>()));
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

TEST_CASE("a NaN among scores or weights is in their measures, not left out of them") {
    const TempFolder folder;
    const std::string q = folder.write("q.npy", npy_floats("(1, 3, 2)", {1, 0, 0, 1, 1, 1}));
    const std::string k =
        folder.write("k.npy", npy_floats("(1, 3, 2)", {1, 0, 0, std::nanf(""), 1, 1}));
    const auto run = run_program({"run", "-q", q, "-k", k, "-v", q, "--causal", "--allow-nonfinite",
                                  "--save", "stats,weights,scores", "-o", folder / "out"});
    REQUIRE(run.exit_code == 0);
    const Json computed = Json::parse(read_file(folder / "out/stats.json"))["heads"][0];
    const Json stored = stats_of({folder / "out"})["heads"][0];
    for (const char* measure : {"max_score", "score_min", "score_mean", "score_std", "entropy"}) {
        INFO(measure);
        CHECK(computed[measure].is_null());
        CHECK(stored[measure].is_null());
    }
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
    std::vector<double> expected(4 * 37, 0);
    for (std::size_t cell = 0; cell < weights.size(); ++cell)
        expected[cell / (37 * 37) * 37 + cell % 37] += weights.data()[cell];
    CHECK(max_difference(received, attn::Array<double>({4, 37}, expected)) < 1e-5);
}

TEST_CASE("requests that make no sense are refused in one line") {
    const TempFolder folder;
    const std::string file = golden("stats/causal.npy");
    check_stats_refused({file, "--sort", "entrpy"},
                        "--sort entrpy: is no measure; did you mean entropy?");
    check_stats_refused({file, "--columns", "entropy,foo"}, "--columns foo: is no measure");
    check_stats_refused({file, "--json", "--csv"}, "exclude each other");
    check_stats_refused({file, "--tokens", folder.write("two.txt", "a\nb\n")},
                        "two.txt: has 2 tokens");
    check_stats_refused({file, "--layer", "3"}, "--layer 3");
    check_stats_refused({file, "--cluster-threshold", "0.2"}, "--similarity");
    check_stats_refused({file, "--similarity", "--cluster-threshold", "-1"}, "--cluster-threshold");
    check_stats_refused({folder.write("line.npy", npy_floats("(3,)", {1, 2, 3}))}, "[3]");
    check_stats_refused({folder / "nothing.npy"}, "nothing.npy");
    const TempFolder empty;
    check_stats_refused({empty.path().string()}, "is it a folder that run wrote");
    check_stats_refused({file, "--grid", "6x6"}, "where 1 come before the patches write 6x6+1");
    check_stats_refused({file, "--grid", "7x7"}, "stands for 49 tokens, the attention has 37 keys");
    for (const char* grid : {"6", "6x", "x6", "0x6", "6x6+", "6x6+1x", "-6x6", "6 x 6"})
        check_stats_refused({file, std::string("--grid=") + grid}, "expected rows x columns");
    const std::string wide = folder.write("wide.npy", npy_floats("(2, 3)", {1, 0, 0, 1, 0, 0}));
    check_stats_refused({wide, "--tokens", folder.write("2.txt", "a\nb\n")},
                        "as many keys as queries");
}

TEST_CASE("the table fits the terminal, says what it left out and explains its headers") {
    const std::string source = golden("stats/causal.npy");
    const auto narrow = run_in_terminal({"stats", source}, 80);
    CHECK(narrow.exit_code == 0);
    CHECK(widest_line(narrow.out) <= 80);
    CHECK_THAT(narrow.out, Catch::Contains("no room for confidence") &&
                               Catch::Contains("--columns LIST") &&
                               Catch::Contains("mean entropy of a row, nats"));
    // What the heads are sorted by is always told, first.
    const auto sorted = run_in_terminal({"stats", source, "--sort", "confidence"}, 30);
    CHECK_THAT(sorted.out, Catch::Contains("head  confidence"));
    CHECK_THAT(run_program({"stats", source, "--sort", "first"}).out,
               Catch::StartsWith("layer  head    first"));
    const auto tiny = run_in_terminal({"stats", source}, 30);
    CHECK_THAT(tiny.out, Catch::StartsWith("layer  head  entropy"));
    const auto wide = run_in_terminal({"stats", source}, 300);
    CHECK_THAT(wide.out, Catch::Contains("confidence") && !Catch::Contains("no room"));
    const auto chosen = run_in_terminal({"stats", source, "--columns", "confidence,entropy"}, 20);
    CHECK_THAT(chosen.out, Catch::Contains("layer  head  confidence  entropy"));
    const auto pipe = run_program({"stats", source});
    CHECK_THAT(pipe.out, Catch::Contains("confidence") && !Catch::Contains("nats"));
}

TEST_CASE("the usual columns say nothing twice") {
    const std::string source = golden("stats/causal.npy");
    for (const bool tokens : {false, true}) {
        std::vector<std::string> command{"stats", source};
        if (tokens) command.insert(command.end(), {"--tokens", golden("stats/tokens.json")});
        const std::string out = run_program(command).out;
        const std::string header = out.substr(0, out.find('\n')) + " ";
        CHECK((header.find(" previous ") == std::string::npos) == tokens);
        CHECK((header.find(" previous_token ") != std::string::npos) == tokens);
        CHECK_THAT(header, Catch::Contains(" sink ") && !Catch::Contains(" first "));
    }
}

TEST_CASE("several sources stand in one table, and every line and entry names its own") {
    const TempFolder folder;
    const std::string a = folder.write("a.json", "[[1, 0], [0.5, 0.5]]");
    const std::string b = folder.write("b,2.json", "[[1, 0], [0, 1]]");
    const auto table = run_program({"stats", a, b, "--sort", "entropy", "--columns", "entropy"});
    CHECK_THAT(table.out, Catch::StartsWith("source") && Catch::Contains("\n" + a + " ") &&
                              Catch::Contains("\n" + b + " "));
    const Json json = stats_of({b, a, "--sort", "entropy", "--similarity"});
    CHECK(json["heads"][0]["source"] == a);
    CHECK(json["heads"][1]["source"] == b);
    CHECK(json["layers"][0]["source"] == b);
    CHECK(stats_of({b, a, "--sort", "entropy", "--top", "1"})["heads"].size() == 1);
    CHECK_FALSE(stats_of({a})["heads"][0].contains("source"));
    CHECK_THAT(run_program({"stats", a, b, "--csv"}).out,
               Catch::StartsWith("source,layer,head,") && Catch::Contains("\n\"" + b + "\",0,0,"));
    CHECK_THAT(run_program({"stats", a, "--csv"}).out, Catch::StartsWith("layer,head,"));
}

TEST_CASE("a source that cannot be read is an error, and the others are measured all the same") {
    const TempFolder folder;
    const std::string good = folder.write("a.json", "[[1, 0], [0.5, 0.5]]");
    const auto result = run_program({"stats", folder / "none.npy", good, "--json"});
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.err, Catch::Contains("none.npy"));
    CHECK(Json::parse(result.out)["heads"][0]["source"] == good);
    check_stats_refused({folder / "none.npy", folder / "nor.npy"}, "nor.npy");
    check_stats_refused({"-", "-"}, "only once");
    check_stats_refused({good, good, "--received", folder / "r.npy"}, "--received");
}

TEST_CASE("each of several sources has its own sink rate, whatever is listed of them") {
    const TempFolder folder;
    const std::string sink = folder.write("sink.json", "[[[1, 0], [0.9, 0.1]], [[1, 0], [0, 1]]]");
    const std::string none = folder.write("none.json", "[[0.1, 0.9], [0.2, 0.8]]");
    const Json one = Json::parse(run_program({"stats", none, "--json"}).out);
    CHECK(one["sink_rate"] == 0);
    CHECK_FALSE(one.contains("sink_rates"));
    for (const std::vector<std::string>& listed :
         std::vector<std::vector<std::string>>{{}, {"--sort", "sink", "--top", "1"}}) {
        std::vector<std::string> words{"stats", sink, none, "--json"};
        words.insert(words.end(), listed.begin(), listed.end());
        const Json found = Json::parse(run_program(words).out);
        CHECK(found["sink_rate"].get<double>() == Approx(2.0 / 3));
        CHECK(found["sink_rates"] == Json({{{"source", sink}, {"sink_rate", 1.0}},
                                           {{"source", none}, {"sink_rate", 0.0}}}));
    }
    CHECK_THAT(run_program({"stats", sink, none}).out,
               Catch::Contains(sink + ": sink rate") && Catch::Contains(none + ": sink rate"));
}

TEST_CASE("a number that is none leaves no measure of its head a number that it has part in") {
    const TempFolder folder;
    for (const float value : {std::nanf(""), INFINITY}) {
        RandomAttention attention(2, 9, true);
        attention.at(1, 4, 0) = value;
        const std::string file = attention.write(folder);
        const std::string received = folder / "received.npy";
        const Json heads = Json::parse(
            run_program({"stats", file, "--json", "--received", received, "--force"}).out)["heads"];
        for (const char* name :
             {"entropy", "entropy_normalised", "confidence", "effective_keys", "keys_for_90",
              "distance", "first", "saturation", "sink", "sink_max", "sink_key"}) {
            INFO(value << " " << name);
            CHECK(heads[0][name].is_number());
            CHECK(heads[1][name].is_null());
        }
        // What it has no part in is there.
        for (const char* name : {"diagonal", "previous", "next", "last"})
            CHECK(heads[1][name].is_number());
        const auto sums = load(received);
        CHECK(std::isfinite(sums.data()[0]));
        CHECK(std::isnan(sums.data()[9]));
        CHECK(std::isfinite(sums.data()[10]));
    }
}

TEST_CASE("stats warn where no head has what they are sorted by") {
    const TempFolder folder;
    const std::string file = write_array<float>(folder, "a.npy", {2, 1, 2}, {1, 0, 0.5F, 0.5F});
    CHECK_THAT(run_program({"stats", file, "--sort", "max_score"}).err,
               Catch::Contains("--sort max_score: no head has a value of it"));
    CHECK(run_program({"stats", file, "--sort", "entropy"}).err.empty());
}
