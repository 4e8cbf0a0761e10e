#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/arrays.hpp"
#include "support/npy_bytes.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
using Json = nlohmann::json;

TEST_CASE("info tells names, types, shapes and ranges as JSON") {
    const TempFolder folder;
    const std::string file =
        folder.write("a.npy", npy_floats("(2, 2)", {1, std::nanf(""), -3, INFINITY}));
    const auto result = run_program({"info", file, "--json"});
    CHECK(result.exit_code == 0);
    const Json json = Json::parse(result.out);
    CHECK(json["format"] == "NPY");
    const Json& array = json["arrays"][0];
    CHECK(array["dtype"] == "float32");
    CHECK(array["shape"] == Json({2, 2}));
    CHECK(array["min"] == -3);
    CHECK(array["mean"] == -1);
    CHECK(array["max"] == 1);
    CHECK(array["nan"] == 1);
    CHECK(array["inf"] == 1);
}

TEST_CASE("info recognises projection matrices and shows the file's settings") {
    const auto result = run_program({"info", sample("model.json")});
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.out,
               Catch::Contains("projection matrices under native names, 2 layers, 4 heads"));
    CHECK_THAT(result.out, Catch::Contains("layers/1/W_O") && Catch::Contains("tokens: 49 texts"));
    CHECK_THAT(run_program({"info", sample("weights")}).out,
               Catch::Contains("folder of NPY\nprojection matrices"));
}

TEST_CASE("info describes one array of many, and standard input") {
    const auto one =
        Json::parse(run_program({"info", sample("model.json") + ":layers/0/b_Q", "--json"}).out);
    REQUIRE(one["arrays"].size() == 1);
    CHECK(one["arrays"][0]["shape"] == Json({64}));
    const auto piped = Json::parse(run_program({"info", "-", "--json"}, "[1, 2, 3]").out);
    CHECK(piped["arrays"][0]["max"] == 3);
}

TEST_CASE("info lists arrays without values") {
    const TempFolder folder;
    const auto result =
        run_program({"info", folder.write("e.npy", npy_floats("(0, 4)", {})), "--json"});
    CHECK(result.exit_code == 0);
    const Json array = Json::parse(result.out)["arrays"][0];
    CHECK(array["shape"] == Json({0, 4}));
    CHECK(array["min"].is_null());
}

TEST_CASE("info on what cannot be read is exit code 2") {
    const auto result = run_program({"info", "/nonexistent.npy"});
    CHECK(result.exit_code == 2);
    CHECK(result.err ==
          "attn-inspect: error: /nonexistent.npy: cannot open: No such file or directory\n");
}

TEST_CASE("a link to itself is named in one line, whatever command reads it") {
    const TempFolder temp;
    const std::string loop = temp / "loop";
    std::filesystem::create_symlink("loop", loop);
    for (const char* command : {"info", "look", "stats", "check", "rollout"}) {
        const ProgramResult result = run_program({command, loop});
        INFO(command << ": " << result.err);
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Catch::Contains(loop + ": ") &&
                                   Catch::Contains("Too many levels of symbolic links") &&
                                   !Catch::Contains("filesystem error"));
        CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    }
}

TEST_CASE("info tells what a run was") {
    const TempFolder folder;
    const std::string out = folder / "out";
    REQUIRE(run_program({"run", "-w", sample("model.json"), "--softcap", "30", "--layers", "1",
                         "--head", "0,2-3", "-o", out})
                .exit_code == 0);
    const auto text = run_program({"info", out});
    CHECK(text.exit_code == 0);
    CHECK_THAT(text.out, Catch::StartsWith(out + ": results of attn-inspect run, version "));
    CHECK_THAT(text.out, Catch::Contains("1 layer x 3 heads: layers 1, heads 0,2-3"));
    CHECK_THAT(text.out, Catch::Contains("tokens  49: ") && Catch::Contains("model.json ("));
    CHECK_THAT(text.out, Catch::Contains("softcap = 30") && Catch::Contains("causal = true"));
    CHECK_THAT(text.out, !Catch::Contains("kv_order") && !Catch::Contains("precision"));
    CHECK_THAT(text.out, Catch::Contains("out/layer01: 3 arrays, "));

    const Json json = Json::parse(run_program({"info", out, "--json"}).out);
    const Json manifest = Json::parse(read_file(out + "/manifest.json"));
    CHECK(json["path"] == out);
    const Json& run = json["run"];
    CHECK(run["command"] == "run");
    for (const char* key : {"version", "layers", "heads", "tokens", "files"})
        CHECK(run[key] == manifest[key]);
    CHECK(run["options"]["softcap"] == 30);
    CHECK_FALSE(run["options"].contains("alibi"));
    CHECK(run["inputs"][0]["path"] == sample("model.json"));
    CHECK_THAT(run_program({"info", out, "--layout", "gpt2"}).err,
               Catch::Contains("no checkpoint"));

    CHECK(run_program({"info", out, "--keys"}).out == out + "/layer01/output.npy\n" + out +
                                                          "/layer01/scores.npy\n" + out +
                                                          "/layer01/weights.npy\n");
    for (const char* format : {"npz", "safetensors"}) {
        const std::string packed = folder / format;
        REQUIRE(run_program({"run", "-w", sample("model.json"), "--layers", "1", "--save",
                             "weights", "--format", format, "-o", packed})
                    .exit_code == 0);
        const std::string name = packed + "/layer01/arrays." + format + ":weights";
        CHECK(run_program({"info", packed, "--keys"}).out == name + "\n");
        CHECK(run_program({"check", name, "--quiet"}).exit_code == 0);
    }

    folder.write("out/manifest.json", R"({"tool": "attn-inspect", "command": "run"})");
    const auto damaged = run_program({"info", out});
    CHECK(damaged.exit_code == 2);
    CHECK_THAT(damaged.err, Catch::Contains("damaged"));
}

TEST_CASE("a run with default options has none to tell but its files and its scale") {
    const TempFolder folder;
    const std::string heads = folder.write("h.npy", npy_floats("(1, 2, 2)", {1, 0, 0, 1}));
    const std::string out = folder / "out";
    REQUIRE(run_program({"run", "-q", heads, "-k", heads, "-v", heads, "-o", out}).exit_code == 0);
    const Json json = Json::parse(run_program({"info", out, "--json"}).out);
    std::vector<std::string> names;
    for (const auto& [name, value] : json["run"]["options"].items()) names.push_back(name);
    CHECK(names == std::vector<std::string>{"key", "query", "scale", "value"});
}

TEST_CASE("info takes several sources, and each JSON entry names its own") {
    const TempFolder folder;
    const std::string a = folder.write("a.npy", npy_floats("(1, 2)", {1, 2}));
    const std::string two = sample("model.json");
    CHECK_THAT(run_program({"info", a, two}).out,
               Catch::StartsWith(a + ": NPY") && Catch::Contains("\n" + two + ": JSON"));
    const Json json = Json::parse(run_program({"info", a, two, "--json"}).out);
    CHECK(json["files"][0]["source"] == a);
    CHECK(json["files"][1]["source"] == two);
    CHECK_FALSE(Json::parse(run_program({"info", a, "--json"}).out).contains("source"));
    CHECK_THAT(run_program({"info", a, two, "--keys"}).out,
               Catch::Contains(two + ":layers/0/W_Q\n"));
    const auto partly = run_program({"info", folder / "none.npy", a});
    CHECK(partly.exit_code == 2);
    CHECK_THAT(partly.out, Catch::StartsWith(a));
}
