#include <catch2/catch.hpp>
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
