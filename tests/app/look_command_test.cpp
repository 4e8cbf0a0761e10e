// The first look: one screen about a file, a line about each of several.
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/arrays.hpp"
#include "support/changed_checkpoint.hpp"
#include "support/npy_bytes.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"
#include "support/terminal.hpp"

using namespace attn::test;
using Catch::Contains;

namespace {

const std::string kModel = sample("model.json");
const std::string kWeightsFile = golden("induction/weights0.npy");

std::string run_folder(const TempFolder& folder) {
    const std::string out = folder / "out";
    REQUIRE(
        run_program({"run", "-w", kModel, "-o", out, "--save", "weights", "--quiet"}).exit_code ==
        0);
    return out;
}

}  // namespace

TEST_CASE("a file by itself is looked at, with the word look or without") {
    const auto result = run_program({kWeightsFile});
    CHECK(result.exit_code == 0);
    CHECK(result.out == run_program({"look", kWeightsFile}).out);
    CHECK(result.out == run_program({"--threads", "1", kWeightsFile}).out);
    CHECK_THAT(result.out, Contains("4 heads") && Contains("checks ok"));
}

TEST_CASE("a look at a run folder says what its heads do, and fits a screen") {
    const TempFolder folder;
    const std::string out = run_folder(folder);
    const auto result = run_program({out});
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.out, Contains("2 layers x 4 heads, 49 queries x 49 keys, causal, float32"));
    CHECK_THAT(result.out, Contains("previous token   layer 0, head 3   0.65          1 of 8"));
    CHECK_THAT(result.out, Contains("induction        layer 1, head 3"));
    CHECK_THAT(result.out, Contains("warning dead_head"));
    CHECK_THAT(result.out, Contains("entropy"));
    CHECK(std::count(result.out.begin(), result.out.end(), '\n') <= 23);
}

TEST_CASE("what a look says to try next can be pasted") {
    const TempFolder folder;
    const std::string out = run_folder(folder);
    std::istringstream lines(run_program({out}).out);
    std::size_t tried = 0;
    for (std::string line; std::getline(lines, line);) {
        const std::size_t at = line.find("attn-inspect ");
        if (at == std::string::npos || at > 6) continue;
        std::vector<std::string> words;
        std::istringstream rest(line.substr(at));
        for (std::string word; rest >> word;) words.push_back(word);
        words.erase(words.begin());
        if (words.size() > 2 && words[words.size() - 2] == "-o")
            words.back() = folder / words.back();
        INFO(line);
        CHECK(run_program(words).exit_code == 0);
        ++tried;
    }
    CHECK(tried == 3);
}

TEST_CASE("attention that is not sane ends with 1 and says where") {
    const TempFolder folder;
    const std::string file = folder.write("a.json", "[[1, 0], [0.5, 0.7]]");
    const auto result = run_program({file});
    CHECK(result.exit_code == 1);
    CHECK_THAT(result.out, Contains("FAIL row_sum") && Contains("query 1"));
    CHECK_THAT(result.out, Contains("next: attn-inspect check " + file));
}

TEST_CASE("flags of check say who may attend") {
    const TempFolder folder;
    const std::string file = folder.write("a.json", "[[0.5, 0.5], [0.5, 0.5]]");
    CHECK(run_program({file}).exit_code == 0);
    CHECK(run_program({file, "--causal"}).exit_code == 1);
}

TEST_CASE("a checkpoint is described, with the command that computes its attention") {
    const auto native = run_program({kModel});
    CHECK(native.exit_code == 0);
    CHECK_THAT(native.out, Contains("2 layers x 4 heads of 16 columns, d_model 64"));
    CHECK_THAT(native.out, Contains("attn-inspect run -w " + kModel + " -o out"));
    const std::string gpt2 = golden("models/gpt2");
    CHECK_THAT(run_program({gpt2}).out,
               Contains("GPT-2") && Contains("--token-ids IDS.npy -o out"));
}

TEST_CASE("the command for a checkpoint asks for what can be computed, and for what is not known") {
    ChangedCheckpoint experts("llama");
    experts.add("model.layers.0.mlp.experts.0.w1.weight", {16, 16});
    const auto first = run_program({experts.write()});
    CHECK(first.exit_code == 0);
    CHECK_THAT(first.out, Contains("--token-ids IDS.npy --layers 0 -o out"));
    CHECK_THAT(first.out, Contains("from tokens only layer 0 is computed"));
    ChangedCheckpoint heads("torch_attention");
    CHECK_THAT(run_program({heads.config("").write()}).out,
               Contains("-x EMBEDDINGS.npy --heads N -o out"));
}

TEST_CASE("arrays that are no attention are described, and the choice is left") {
    const TempFolder folder;
    const std::string line = folder.write("line.json", "[1, 2, 3]");
    CHECK(run_program({line}).exit_code == 0);
    CHECK_THAT(run_program({line}).out, Contains("JSON") && Contains("[3]"));
    const std::string wide = folder.write("wide.json", "[[1, -2, 3], [4, 5, -6]]");
    CHECK(run_program({wide}).exit_code == 0);
    CHECK_THAT(run_program({wide}).out, Contains("[2, 3]") && !Contains("FAIL"));
    const std::string two =
        folder.write("two.json", R"({"a": [[1, 0], [0, 1]], "b": [[1, 2], [3, 4]]})");
    CHECK_THAT(run_program({two}).out, Contains("attn-inspect " + two + ":a"));
}

TEST_CASE("arrays that cannot be read are named") {
    const TempFolder folder;
    const std::string ragged = folder.write("ragged.json", "[[1, 2], [3]]");
    for (const char* command : {"look", "info"})
        CHECK_THAT(run_program({command, ragged}).out, Contains(ragged + ": is ragged"));
}

TEST_CASE("several files, and a folder of them, give a line each") {
    const TempFolder folder;
    const std::string good = folder.write("m/good.json", "[[1, 0], [0.5, 0.5]]");
    const std::string bad = folder.write("m/wrong.json", "[[1, 0], [0.5, 0.7]]");
    const auto two = run_program({good, bad});
    CHECK(two.exit_code == 1);
    CHECK_THAT(two.out, Contains(good + "  ") && Contains(bad + "  ") && Contains("FAIL row_sum"));
    CHECK(std::count(two.out.begin(), two.out.end(), '\n') == 2);
    CHECK(run_program({folder / "m"}).out == two.out);
    const auto three = run_program({good, "no/such/file"});
    CHECK(three.exit_code == 2);
    CHECK_THAT(three.out, Contains("cannot be read"));
    CHECK(three.err ==
          "attn-inspect: error: 1 of 2 cannot be read: no/such/file: cannot open: No such file or "
          "directory\n");
}

TEST_CASE("what is neither a command nor a file is one line") {
    for (const char* word : {"statz", "./nothing", "a/b.npy"}) {
        const auto result = run_program({word});
        CHECK(result.exit_code == 2);
        CHECK(result.out.empty());
        CHECK_THAT(result.err, Contains(word));
    }
    CHECK_THAT(run_program({"statz"}).err, Contains("did you mean stats?"));
    CHECK_THAT(run_program({"-"}).err, Contains("standard input is empty"));
}

TEST_CASE("a look tells the type that the file holds") {
    const TempFolder folder;
    const std::string half = folder.write(
        "half.npy", npy_bytes(npy_dictionary("<f2", "(2, 2)"), {"\0\x3c\0\0\0\x38\0\x38", 8}));
    CHECK_THAT(run_program({half}).out, Contains("causal, float16") && !Contains("float32"));
    const std::string whole =
        folder.write("whole.npy", npy_bytes(npy_dictionary("|i1", "(2, 2)"), {"\1\0\0\1", 4}));
    CHECK_THAT(run_program({whole}).out, Contains("causal, int8") && !Contains("float32"));
}

TEST_CASE("what a look says to try next takes a name with a dash for a file") {
    const TempFolder folder;
    folder.write("-o.json", "[[1, 0], [0.5, 0.5]]");
    const std::string path = folder.path();
    RunningProgram program({"look", "--", "-o.json"}, "", [&] {
        if (::chdir(path.c_str()) != 0) std::abort();
    });
    CHECK_THAT(program.wait().out, Contains("next: attn-inspect heatmap ./-o.json --layer 0"));
}

TEST_CASE("look --json holds the numbers of the screen") {
    const TempFolder folder;
    const std::string out = run_folder(folder);
    const auto screen = run_program({out});
    const auto result = run_program({"look", out, "--json"});
    CHECK(result.exit_code == 0);
    const auto json = nlohmann::json::parse(result.out);
    CHECK(json["passed"] == true);
    REQUIRE(json["files"].size() == 1);
    const auto& file = json["files"][0];
    CHECK_THAT(screen.out, Contains(file["what"].get<std::string>()));
    CHECK_THAT(screen.out,
               Contains(std::to_string(file["checks"]["ok"].get<int>()) + " checks ok"));
    CHECK(file["roles"].size() == 6);
    CHECK(file["roles"][0]["role"] == "previous token");
    CHECK(file["roles"][0]["head"] == 3);
    CHECK(file["roles"][0]["share"].get<double>() == Approx(0.65).margin(0.005));
    CHECK(file["roles"][0]["heads_over_half"] == 1);
    REQUIRE(file["entropy"].size() == 2);
    CHECK(file["entropy"][1]["heads"].size() == 4);
    for (const auto& command : file["next"])
        CHECK_THAT(screen.out, Contains(command.get<std::string>()));
    CHECK(run_program({out, "--json", "--quiet"}).out == result.out);
}

TEST_CASE("look --json of several files has an entry each, and says which cannot be read") {
    const TempFolder folder;
    const std::string good = folder.write("good.json", "[[1, 0], [0.5, 0.5]]");
    const std::string bad = folder.write("wrong.json", "[[1, 0], [0.5, 0.7]]");
    const auto two = run_program({"look", good, bad, "--json"});
    CHECK(two.exit_code == 1);
    const auto json = nlohmann::json::parse(two.out);
    CHECK(json["passed"] == false);
    CHECK(json["files"][0]["passed"] == true);
    CHECK(json["files"][1]["problems"][0]["name"] == "row_sum");
    CHECK(json["files"][1]["problems"][0]["query"] == 1);
    const auto missing = run_program({"look", good, "no/such/file", "--json"});
    CHECK(missing.exit_code == 2);
    CHECK_THAT(nlohmann::json::parse(missing.out)["files"][1]["error"].get<std::string>(),
               Contains("cannot open"));
    CHECK_THAT(missing.err, Contains("1 of 2 cannot be read"));
}

TEST_CASE("a look fits the terminal and leaves out nothing of its description") {
    const TempFolder folder;  // its name is short
    std::filesystem::copy(golden("models/gpt2"), folder / "g");
    for (const unsigned short columns : std::vector<unsigned short>{80, 60, 50}) {
        const auto shown = run_in_terminal({"--no-color", folder / "g"}, columns);
        INFO(shown.out);
        CHECK(widest_line(shown.out) <= columns);
        CHECK_THAT(words_of(shown.out), Contains("4 heads of 4 columns, d_model 16"));
    }
    const std::string out = run_folder(folder);
    const auto shown = run_in_terminal({"--no-color", out}, 80);
    INFO(shown.out);
    CHECK(widest_line(shown.out) <= 80);
    CHECK(std::count(shown.out.begin(), shown.out.end(), '\n') <= 23);
    CHECK_THAT(words_of(shown.out), Contains("49 queries x 49 keys, causal, float32") &&
                                        Contains("uniform over its keys (layer 0, head 0)"));
}

TEST_CASE("a long command of a look goes on in the next line as a shell takes it") {
    const TempFolder folder;
    const std::string file =
        folder.write("attention of a model.json", "[[1, 0, 0], [0.5, 0.5, 0], [0, 0.5, 0.5]]");
    const auto shown = run_in_terminal({"--no-color", file}, 60);
    INFO(shown.out);
    CHECK_THAT(shown.out, Contains(" \\\n        '" + file + "' \\\n"));
}

TEST_CASE("lines about several files fit the terminal, and say what is wrong where it is") {
    const TempFolder folder;
    const std::string deep =
        folder.write("a/folder/of/long/names/for/this/good.json", "[[1, 0], [0.5, 0.5]]");
    const std::string bad = folder.write("bad.json", "[[1, 0], [0.5, 0.7]]");
    const auto shown = run_in_terminal({"look", deep, bad, "no/such/file"}, 80);
    INFO(shown.out);
    CHECK(shown.exit_code == 2);
    CHECK(widest_line(shown.out) <= 80);
    CHECK_THAT(shown.out, Contains("/good.json  sane") && Contains("1 layer x 1 head") &&
                              Contains("FAIL            row_sum: ") && Contains("no/such/file") &&
                              Contains("cannot be read"));
    const auto wide = run_in_terminal({"look", deep, bad}, 300);
    CHECK_THAT(wide.out, Contains(deep) && Contains("FAIL row_sum"));
}

TEST_CASE("a look reads standard input as it reads the file") {
    const auto file = run_program({"look", kWeightsFile});
    const auto input = run_program({"look", "-"}, read_file(kWeightsFile));
    CHECK(input.exit_code == 0);
    std::string same = file.out;
    REQUIRE(same.find(kWeightsFile) == 0);
    same.replace(0, kWeightsFile.size(), "-");
    // What is suggested cannot read the same input again.
    for (std::size_t at = 0; (at = same.find(kWeightsFile)) != std::string::npos;)
        same.replace(at, kWeightsFile.size(), "FILE");
    CHECK(input.out == same);
}

TEST_CASE("what a look at a batch says to draw is one sequence") {
    const TempFolder folder;
    const std::string out = folder / "out";
    REQUIRE(run_program({"run", "-x", sample("batch_embeddings.npy"), "-w", sample("weights"),
                         "--heads", "4", "--causal", "-o", out, "--save", "weights", "--quiet"})
                .exit_code == 0);
    CHECK_THAT(run_program({"look", out}).out, Contains(" --seq 0 -o head.png") ||
                                                   Contains(" --seq 1 -o head.png") ||
                                                   Contains(" --seq 2 -o head.png"));
}
