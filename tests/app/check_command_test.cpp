// What is wrong on purpose is named with its place; what is right passes.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "support/array_files.hpp"
#include "support/arrays.hpp"
#include "support/attention.hpp"
#include "support/program.hpp"
#include "support/terminal.hpp"

using namespace attn::test;
using Json = nlohmann::json;

namespace {

struct Outcome {
    int exit_code;
    Json json;

    const Json& line(const std::string& name) const {
        for (const Json& check : json["checks"]) {
            if (check["name"] == name) return check;
        }
        FAIL("no line " << name);
        return json;
    }
    std::string verdict(const std::string& name) const { return line(name)["verdict"]; }
    std::string message(const std::string& name) const { return line(name)["message"]; }
};

Outcome check(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "check");
    arguments.emplace_back("--json");
    const auto result = run_program(arguments);
    INFO(result.err);
    REQUIRE(result.err.empty());
    return {result.exit_code, Json::parse(result.out)};
}

void check_refused(const std::vector<std::string>& arguments, const std::string& text) {
    std::vector<std::string> all{"check"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const auto result = run_program(all);
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.err, Catch::Contains(text));
}

Json place(std::size_t head, std::size_t query, const Json& key = {}) {
    return {{"layer", 0}, {"head", head}, {"query", query}, {"key", key}};
}

}  // namespace

TEST_CASE("sane attention passes") {
    const TempFolder folder;
    const auto causal = check({RandomAttention(4, 50, true).write(folder), "--causal"});
    CHECK(causal.exit_code == 0);
    CHECK(causal.json["passed"] == true);
    for (const char* name : {"not_probabilities", "finite", "range", "row_sum", "causal_leak",
                             "dead_head", "collapsed_head", "duplicate_heads", "saturated"}) {
        CHECK(causal.verdict(name) == "ok");
    }
    CHECK(causal.verdict("mask_leak") == "skipped");
    CHECK(check({RandomAttention(4, 50, false).write(folder)}).exit_code == 0);

    run_program({"run", "-w", sample("model.json"), "-o", folder / "run", "--window", "9,0"});
    const auto run = check({folder / "run", "--skip", "dead_head", "--strict"});
    CHECK(run.exit_code == 0);
    CHECK(run.verdict("window_leak") == "ok");
}

TEST_CASE("one NaN in head 7, row 300 is found") {
    const TempFolder folder;
    RandomAttention attention(8, 310, true);
    attention.at(7, 300, 12) = std::nanf("");
    const auto found = check({attention.write(folder), "--causal"});
    CHECK(found.exit_code == 1);
    CHECK(found.verdict("finite") == "FAIL");
    CHECK(found.line("finite")["place"] == place(7, 300, 12));
}

TEST_CASE("one row that sums to 1.01 is found") {
    const TempFolder folder;
    RandomAttention attention(3, 60, false);
    attention.at(2, 41, 7) += 0.01F;
    const std::string file = attention.write(folder);
    const auto found = check({file});
    CHECK(found.exit_code == 1);
    CHECK(found.verdict("row_sum") == "FAIL");
    CHECK(found.line("row_sum")["place"] == place(2, 41));
    CHECK(found.line("row_sum")["worst"].get<double>() == Approx(1.01));
    CHECK(check({file, "--atol", "0.02"}).exit_code == 0);
    CHECK(check({file, "--skip", "row_sum"}).exit_code == 0);
    CHECK(check({file, "--only", "finite,range"}).json["checks"].size() == 2);
}

TEST_CASE("one leaked future cell of 1e-4 is found") {
    const TempFolder folder;
    RandomAttention attention(3, 60, true);
    attention.at(1, 20, 21) = 1e-4F;
    const auto found = check({attention.write(folder), "--causal"});
    CHECK(found.exit_code == 1);
    CHECK(found.verdict("row_sum") == "ok");
    CHECK(found.verdict("causal_leak") == "FAIL");
    CHECK(found.line("causal_leak")["place"] == place(1, 20, 21));
    CHECK(found.line("causal_leak")["worst"].get<double>() == Approx(1e-4));
}

TEST_CASE("leaks through masks, padding and windows are told apart") {
    const TempFolder folder;
    const std::string file = RandomAttention(2, 6, false).write(folder);
    const std::string mask = folder.write("mask.json", "[true, true, false, true, true, true]");
    const auto masked = check({file, "--mask", mask});
    CHECK(masked.verdict("mask_leak") == "FAIL");
    CHECK(masked.line("mask_leak")["place"]["key"] == 2);
    CHECK(masked.verdict("padding_leak") == "skipped");
    const auto padded = check({file, "--key-lengths", "5"});
    CHECK(padded.line("padding_leak")["place"]["key"] == 5);
    const auto windowed = check({file, "--window", "9,1"});
    CHECK(windowed.verdict("window_leak") == "FAIL");
    const auto offset = check({file, "--causal", "--query-offset", "4"});
    CHECK(offset.line("causal_leak")["place"] ==
          place(offset.line("causal_leak")["place"]["head"], 0, 5));
}

TEST_CASE("a row of zeros is right only where the mask leaves no key") {
    const TempFolder folder;
    RandomAttention attention(1, 5, false);
    for (std::size_t key = 0; key < 5; ++key) attention.at(0, 3, key) = 0;
    const std::string file = attention.write(folder);
    const auto unexplained = check({file});
    CHECK(unexplained.verdict("row_sum") == "FAIL");
    CHECK_THAT(unexplained.message("row_sum"), Catch::Contains("name the mask"));
    std::string mask = "[";
    for (int query = 0; query < 5; ++query)
        mask += std::string(query > 0 ? "," : "") +
                (query == 3 ? "[false,false,false,false,false]" : "[true,true,true,true,true]");
    CHECK(check({file, "--mask", folder.write("mask.json", mask + "]")}).exit_code == 0);
}

TEST_CASE("queries behind a cache look like leaks, and the flag for them is named") {
    const TempFolder folder;
    const std::string file =
        folder.write("decode.npy", npy_floats("(1, 1, 4)", {0.25F, 0.25F, 0.25F, 0.25F}));
    const auto found = check({file, "--causal"});
    CHECK(found.exit_code == 1);
    CHECK_THAT(found.message("causal_leak"), Catch::Contains("--query-offset end"));
    CHECK(check({file, "--causal", "--query-offset", "end"}).exit_code == 0);
}

TEST_CASE("a row that leaks is uniform over what it attends, not over what it may") {
    const TempFolder folder;
    RandomAttention attention(1, 30, false);
    const auto found = check({attention.write(folder), "--causal"});
    CHECK(found.verdict("causal_leak") == "FAIL");
    CHECK(found.verdict("dead_head") == "ok");
    CHECK_THAT(found.message("causal_leak"), Catch::EndsWith("has weight"));

    const RandomAttention good(1, 30, true);
    for (std::size_t i = 0; i < 30; ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < 30; ++j)
            sum += std::exp(static_cast<double>(good.weights[i * 30 + j]));
        for (std::size_t j = 0; j < 30; ++j)
            attention.at(0, i, j) =
                static_cast<float>(std::exp(static_cast<double>(good.weights[i * 30 + j])) / sum);
    }
    CHECK_THAT(check({attention.write(folder), "--causal"}).message("causal_leak"),
               Catch::EndsWith("softmax ran twice"));
}

TEST_CASE("sums that are off are explained") {
    const TempFolder folder;
    const RandomAttention good(2, 80, false);
    SECTION("transposed") {
        RandomAttention bad = good;
        for (std::size_t h = 0; h < 2; ++h) {
            for (std::size_t i = 0; i < 80; ++i) {
                for (std::size_t j = 0; j < 80; ++j)
                    bad.at(h, i, j) = good.weights[(h * 80 + j) * 80 + i];
            }
        }
        CHECK_THAT(check({bad.write(folder)}).message("row_sum"), Catch::Contains("transposed"));
    }
    SECTION("dropout") {
        RandomAttention bad = good;
        std::mt19937 random(3);
        for (float& weight : bad.weights) weight = random() % 10 == 0 ? 0 : weight / 0.9F;
        CHECK_THAT(check({bad.write(folder)}).message("row_sum"),
                   Catch::Contains("dropout was left on (about p = 0.09") &&
                       !Catch::Contains("name the mask"));
    }
    SECTION("a sink column was dropped") {
        RandomAttention bad = good;
        for (float& weight : bad.weights) weight *= 0.7F;
        CHECK_THAT(check({bad.write(folder)}).message("row_sum"), Catch::Contains("sink column"));
    }
    SECTION("heads were added up") {
        RandomAttention bad = good;
        for (float& weight : bad.weights) weight *= 12;
        CHECK_THAT(check({bad.write(folder)}).message("row_sum"),
                   Catch::Contains("12 heads were added up"));
    }
    SECTION("averaged once too often") {
        RandomAttention bad = good;
        for (float& weight : bad.weights) weight /= 8;
        CHECK_THAT(check({bad.write(folder)}).message("row_sum"),
                   Catch::Contains("averaged over 8 once too often"));
    }
    SECTION("softmax ran twice and the mask came last") {
        RandomAttention bad(2, 20, true);
        for (std::size_t row = 0; row < 40; ++row) {
            float* const weights = bad.weights.data() + row * 20;
            float sum = 0;
            for (std::size_t key = 0; key < 20; ++key) sum += weights[key] = std::exp(weights[key]);
            for (std::size_t key = 0; key < 20; ++key)
                weights[key] = key <= row % 20 ? weights[key] / sum : 0;
        }
        CHECK_THAT(check({bad.write(folder), "--causal"}).message("row_sum"),
                   Catch::Contains("softmax ran twice"));
    }
    SECTION("scores before softmax") {
        RandomAttention bad = good;
        for (float& weight : bad.weights) weight = std::log(weight) - 0.1F;
        const auto found = check({bad.write(folder)});
        CHECK(found.exit_code == 1);
        CHECK(found.verdict("not_probabilities") == "FAIL");
        CHECK_THAT(found.message("not_probabilities"), Catch::Contains("raw scores"));
        CHECK(found.verdict("row_sum") == "skipped");
        CHECK(found.verdict("constant_scores") == "ok");
    }
    SECTION("logarithms of the weights") {
        RandomAttention bad = good;
        for (float& weight : bad.weights) weight = std::log(weight);
        CHECK_THAT(
            check({bad.write(folder)}).message("not_probabilities"),
            Catch::Contains("negative, and exp of every row sums to 1: these are logarithms"));
        bad = RandomAttention(4, 12, true);
        for (float& weight : bad.weights) weight = std::log(weight);
        CHECK_THAT(check({bad.write(folder)}).message("not_probabilities"),
                   Catch::Contains("holds -inf, and exp of every row sums to 1"));
    }
    SECTION("scores that are all the same") {
        RandomAttention bad = good;
        for (std::size_t cell = 0; cell < 80 * 80; ++cell) bad.weights[cell] = -2.5F;
        const auto found = check({bad.write(folder)});
        CHECK(found.verdict("constant_scores") == "warning");
        CHECK(found.line("constant_scores")["worst"] == -2.5);
        CHECK(found.line("constant_scores")["place"]["head"] == 0);
    }
    SECTION("masked scores before softmax") {
        RandomAttention bad = good;
        bad.at(1, 0, 3) = -INFINITY;
        CHECK_THAT(check({bad.write(folder)}).message("not_probabilities"),
                   Catch::Contains("-inf"));
    }
    SECTION("half precision") {
        RandomAttention bad = good;
        for (float& weight : bad.weights) weight = std::nearbyint(weight * 1024) / 1024;
        const auto found = check({bad.write(folder)});
        CHECK_THAT(found.message("row_sum"), Catch::Contains("float16"));
        CHECK(found.verdict("half_precision") == "warning");
    }
}

TEST_CASE("heads that do nothing or the same draw a warning, and --strict fails") {
    const TempFolder folder;
    RandomAttention attention(4, 12, false);
    for (std::size_t i = 0; i < 12; ++i) {
        for (std::size_t j = 0; j < 12; ++j) {
            attention.at(0, i, j) = 1.0F / 12;
            attention.at(1, i, j) = j == 3 ? 1 : 0;
            attention.at(3, i, j) = attention.at(2, i, j);
        }
    }
    const std::string file = attention.write(folder);
    const auto found = check({file});
    CHECK(found.exit_code == 0);
    CHECK(found.verdict("dead_head") == "warning");
    CHECK(found.line("dead_head")["place"]["head"] == 0);
    CHECK(found.line("collapsed_head")["place"]["head"] == 1);
    CHECK(found.line("saturated")["place"]["head"] == 1);
    CHECK(found.line("duplicate_heads")["place"]["head"] == 3);
    CHECK(check({file, "--strict"}).exit_code == 1);
    CHECK_THAT(check({file, "--head", "0"}).message("dead_head"),
               Catch::Contains("weights were probably not loaded, or softmax ran twice"));
}

TEST_CASE("a negative weight is out of range, however small") {
    const TempFolder folder;
    RandomAttention attention(2, 9, false);
    attention.at(1, 4, 7) = -1e-6F;
    const auto found = check({attention.write(folder)});
    CHECK(found.exit_code == 1);
    CHECK(found.line("range")["place"] == place(1, 4, 7));
    CHECK(found.line("range")["worst"].get<double>() == Approx(-1e-6));
}

TEST_CASE("what is not finite is said once, and has no sum") {
    const TempFolder folder;
    RandomAttention attention(2, 9, false);
    attention.at(1, 4, 7) = std::nanf("");
    attention.at(1, 5, 0) = INFINITY;
    const auto some = check({attention.write(folder)});
    CHECK(some.verdict("row_sum") == "ok");
    CHECK(some.line("finite")["worst"] == 2);
    for (float& weight : attention.weights) weight = std::nanf("");
    const auto all = check({attention.write(folder)});
    CHECK(all.verdict("not_probabilities") == "ok");
    CHECK(all.verdict("finite") == "FAIL");
    CHECK(all.verdict("row_sum") == "skipped");
}

TEST_CASE("every line has its worst value and place where there is one") {
    const TempFolder folder;
    const auto found = check({RandomAttention(3, 30, true).write(folder), "--causal"});
    for (const char* name : {"range", "row_sum", "dead_head", "collapsed_head", "saturated"}) {
        INFO(name);
        CHECK(found.line(name)["worst"].is_number());
        CHECK(found.line(name)["place"]["head"].is_number());
    }
    CHECK(found.line("range")["worst"] == 1);
    CHECK(found.line("range")["place"] == place(0, 0, 0));
}

TEST_CASE("scores that a run saved are checked beside its weights") {
    const TempFolder folder;
    run_program({"run", "-w", sample("model.json"), "-o", folder / "run"});
    CHECK(check({folder / "run"}).verdict("constant_scores") == "ok");
    const std::string zero = folder.write(
        "zero.json", R"({"q": [[[0, 0], [0, 0]]], "k": [[[1, 2], [3, 4]]], "v": [[[1], [2]]]})");
    run_program(
        {"run", "-q", zero + ":q", "-k", zero + ":k", "-v", zero + ":v", "-o", folder / "zero"});
    const auto found = check({folder / "zero"});
    CHECK(found.exit_code == 0);
    CHECK(found.verdict("constant_scores") == "warning");
    CHECK_THAT(found.message("constant_scores"), Catch::Contains("are queries and keys zero"));
    CHECK(check({folder / "zero", "--strict"}).exit_code == 1);
    CHECK(check({folder / "zero/layer00/weights.npy"}).verdict("constant_scores") == "skipped");
}

TEST_CASE("a sink that takes its part of every row is no fault of ours") {
    const TempFolder folder;
    const auto path = [](const std::string& name) { return golden("flags/" + name); };
    run_program({"run", "-q", path("q.npy"), "-k", path("k.npy"), "-v", path("v.npy"), "--sink",
                 path("sink.npy"), "-o", folder / "out"});
    const auto found = check({folder / "out"});
    CHECK(found.exit_code == 0);
    CHECK(found.message("row_sum") == "a sink takes the rest");
    CHECK(check({folder / "out/layer00/weights.npy"}).exit_code == 1);
}

TEST_CASE("numbers that half precision happens to hold are no warning") {
    const TempFolder folder;
    const auto found = check({folder.write("w.json", "[[0.5, 0.5], [0.25, 0.75]]")});
    CHECK(found.verdict("half_precision") == "ok");
}

TEST_CASE("the table says what failed in its last line") {
    const TempFolder folder;
    RandomAttention attention(1, 5, false);
    const auto passed = run_program({"check", attention.write(folder)});
    CHECK_THAT(passed.out, Catch::EndsWith("not checked: causal_leak, mask_leak, padding_leak, "
                                           "window_leak, constant_scores\npassed\n"));
    attention.at(0, 0, 0) = 7;
    const auto failed = run_program({"check", attention.write(folder), "--only", "range"});
    CHECK(failed.exit_code == 1);
    CHECK_THAT(failed.out, Catch::EndsWith("failed: range\n"));
    CHECK(run_program({"check", attention.write(folder), "--quiet"}).out.empty());
}

TEST_CASE("warnings are no failures, unless --strict makes them so") {
    const TempFolder folder;
    RandomAttention attention(2, 5, false);
    for (std::size_t i = 0; i < 5; ++i) {
        for (std::size_t j = 0; j < 5; ++j) attention.at(0, i, j) = 0.2F;
    }
    attention.at(1, 0, 0) = 7;
    const std::string file = attention.write(folder);
    const auto lax = run_program({"check", file, "--only", "range,dead_head"});
    CHECK_THAT(lax.out,
               Catch::Contains("dead_head  warning") && Catch::EndsWith("failed: range\n"));
    const auto strict = run_program({"check", file, "--only", "range,dead_head", "--strict"});
    CHECK_THAT(strict.out, Catch::EndsWith("failed: range, dead_head\n"));
}

TEST_CASE("check refuses what it cannot judge") {
    const TempFolder folder;
    const std::string file = RandomAttention(2, 5, false).write(folder);
    check_refused({file, "--only", "row_sums"},
                  "--only row_sums: is no check; did you mean row_sum?");
    check_refused({file, "--skip", "nothing"}, "--skip nothing: is no check");
    check_refused({file, "--skip", "not_probabilities"}, "nothing else can be told");
    check_refused({file, "--atol=-1"}, "--atol -1");
    check_refused({file, "--head", "5"}, "--head 5");
    check_refused({file, "--key-lengths", "9"}, "--key-lengths: 9");
    check_refused({file, "--mask", folder.write("mask.json", "[[true, true], [true, true]]")},
                  "--mask");
    check_refused({folder.write("x.txt", "hello")}, "x.txt");
}

TEST_CASE("on a terminal verdicts have a mark and a colour, in a pipe neither") {
    const TempFolder folder;
    const std::string bad = folder.write("a.json", "[[1, 0], [0.5, 0.7]]");
    const auto shown = run_in_terminal({"check", bad}, 100);
    CHECK(shown.exit_code == 1);
    CHECK_THAT(shown.out, Catch::Contains("✗ FAIL") && Catch::Contains("✓ ok") &&
                              Catch::Contains("\033[1;31m") && Catch::Contains("where"));
    const auto plain = run_in_terminal({"--no-color", "check", bad}, 100);
    CHECK_THAT(plain.out, Catch::Contains("✗ FAIL") && !Catch::Contains("\033"));
    const auto pipe = run_program({"check", bad});
    CHECK_THAT(pipe.out,
               Catch::Contains("FAIL") && !Catch::Contains("✗") && !Catch::Contains("\033"));
}

TEST_CASE("several sources are checked, each line names its own, and the worst exit code wins") {
    const TempFolder folder;
    const std::string good = folder.write("good.json", "[[1, 0], [0.5, 0.5]]");
    const std::string bad = folder.write("bad.json", "[[1, 0], [0.5, 0.7]]");
    const auto table = run_program({"check", good, bad});
    CHECK(table.exit_code == 1);
    CHECK_THAT(table.out, Catch::StartsWith("source") &&
                              Catch::Contains("\n" + good + ": passed\n") &&
                              Catch::Contains("\n" + bad + ": failed: row_sum"));
    const Outcome both = check({good, bad});
    CHECK(both.exit_code == 1);
    CHECK(both.json["passed"] == false);
    CHECK(both.json["checks"].front()["source"] == good);
    CHECK(both.json["checks"].back()["source"] == bad);
    CHECK_FALSE(check({good}).json["checks"][0].contains("source"));
    CHECK(check({good, good}).exit_code == 0);

    const auto missing = run_program({"check", good, folder / "none.npy", bad, "--json"});
    CHECK(missing.exit_code == 2);
    CHECK_THAT(missing.err, Catch::Contains("none.npy"));
    CHECK(Json::parse(missing.out)["passed"] == false);
    CHECK_THAT(missing.out, Catch::Contains(bad));
}

TEST_CASE("the table of checks fits the terminal, and keeps what is said of what is not ok") {
    const TempFolder folder;
    const std::string bad = folder.write("bad.json", "[[1, 0], [0.5, 0.7]]");
    const auto pipe = run_program({"check", bad});
    for (const unsigned short columns : std::vector<unsigned short>{60, 80, 100, 120}) {
        const auto shown = run_in_terminal({"--no-color", "check", bad}, columns);
        INFO(shown.out);
        CHECK(shown.exit_code == 1);
        CHECK(widest_line(shown.out) <= columns);
        CHECK_THAT(shown.out, Catch::StartsWith("check ") && Catch::Contains("meaning") &&
                                  Catch::Contains("failed: row_sum") &&
                                  Catch::Contains("no room for limit"));
        CHECK_THAT(words_of(shown.out), Catch::Contains("query 1"));
    }
    const auto wide = run_in_terminal({"--no-color", "check", bad}, 200);
    CHECK_THAT(wide.out, Catch::Contains("limit") && !Catch::Contains("no room"));
    const auto several = run_in_terminal({"check", bad, bad}, 80);
    INFO(several.out);
    CHECK(widest_line(several.out) <= 80);
    CHECK_THAT(several.out, Catch::Contains(":\ncheck ") && Catch::Contains("\033[1;31m"));
    CHECK(run_program({"check", bad}).out == pipe.out);
    CHECK_THAT(pipe.out, Catch::Contains("limit") && !Catch::Contains("no room"));
}

TEST_CASE("what was asked for by name and could not be checked has not passed") {
    const TempFolder folder;
    const std::string file = RandomAttention(2, 5, false).write(folder);
    check_refused({file, "--only", "causal_leak"},
                  "--only causal_leak: nothing was checked; causal_leak: give --causal");
    check_refused({file, "--only", "padding_leak,mask_leak"}, "nothing was checked");
    // Among others it is told.
    const auto found = check({file, "--only", "causal_leak,finite"});
    CHECK(found.exit_code == 0);
    CHECK(found.verdict("causal_leak") == "skipped");
}

TEST_CASE("attention that keeps to its mask is not called almost causal") {
    const TempFolder folder;
    // A prefix of three tokens sees itself whole.
    std::vector<float> weights;
    std::vector<char> mask;
    for (std::size_t i = 0; i < 8; ++i) {
        const std::size_t keys = std::max<std::size_t>(i + 1, 3);
        for (std::size_t j = 0; j < 8; ++j) {
            mask.push_back(j < keys);
            weights.push_back(j < keys ? 1 / static_cast<float>(keys) : 0);
        }
    }
    const std::string file = write_array<float>(folder, "prefix.npy", {1, 8, 8}, weights);
    const std::string named = write_array<char>(folder, "mask.npy", {8, 8}, mask);
    CHECK(check({file}).verdict("almost_causal") == "warning");
    const auto found = check({file, "--mask", named});
    CHECK(found.verdict("almost_causal") == "skipped");
    CHECK(found.verdict("mask_leak") == "ok");
    CHECK(check({file, "--window=-1,2"}).verdict("almost_causal") == "skipped");
}
