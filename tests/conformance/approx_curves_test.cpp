// Errors and costs over budgets, and random numbers, against the reference cases.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "attention/approx/performer.hpp"
#include "attention/approx/philox.hpp"
#include "support/arrays.hpp"
#include "support/program.hpp"

using namespace attn;
using namespace attn::test;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

const fs::path kCurveCases = fs::path(ATTN_CASES_DIR) / "approx";

Json read_case(const fs::path& folder) {
    return Json::parse(std::ifstream(folder / "case.json"));
}

// The budgets that a line of --method takes: what is above the number of keys is cut to it.
std::vector<std::size_t> budgets_of(const Json& curve, std::size_t keys) {
    std::vector<std::size_t> budgets;
    for (const Json& budget : curve["budgets"]) {
        if (budget.get<std::size_t>() <= keys) budgets.push_back(budget.get<std::size_t>());
    }
    return budgets;
}

// "svd:rank=1+2+4:seed=3"
std::string spec_of(const Json& curve, const std::vector<std::size_t>& budgets) {
    std::string spec =
        curve["method"].get<std::string>() + ":" + curve["option"].get<std::string>() + "=";
    for (std::size_t i = 0; i < budgets.size(); ++i)
        spec += (i > 0 ? "+" : "") + std::to_string(budgets[i]);
    for (const auto& [name, value] : curve["fixed"].items())
        spec += ":" + name + "=" + value.dump();
    return spec;
}

void check_near(const Json& got, const Json& expected) {
    const double value = expected.get<double>();
    CHECK(std::abs(got.get<double>() - value) <= 1e-9 * std::max(1.0, std::abs(value)));
}

void check_curve(const fs::path& folder) {
    const Json curve = read_case(folder);
    const std::string option = curve["option"];
    const std::size_t keys =
        load((folder / curve["inputs"]["k"].get<std::string>()).string()).extent(1);
    const std::vector<std::size_t> budgets = budgets_of(curve, keys);
    REQUIRE(budgets.size() >= 2);
    std::vector<std::string> words{"approx",      "--method", spec_of(curve, budgets),
                                   "--precision", "f64",      "--json",
                                   "--per-head"};
    words.emplace_back(curve["causal"] ? "--causal" : "--no-causal");
    for (const char* name : {"q", "k", "v"}) {
        words.push_back(std::string("-") + name);
        words.push_back((folder / curve["inputs"][name].get<std::string>()).string());
    }
    const ProgramResult result = run_program(words);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    const Json methods = Json::parse(result.out)["methods"];
    std::size_t compared = 0;
    for (const Json& row : curve["rows"]) {
        for (const Json& method : methods) {
            if (method["options"].is_null() || !method["options"].contains(option) ||
                method["options"][option] != row[option])
                continue;
            const Json& head = method["layers"][0]["heads"][row["head"].get<std::size_t>()];
            CAPTURE(method["spec"], head["head"]);
            for (const char* name : {"context_error", "weights_error", "kept_mass", "tv"})
                check_near(head[name], row[name]);
            CHECK(head["flops"] == row["flops"]);
            CHECK(head["kept_bytes"] == row["kept_bytes"]);
            ++compared;
        }
    }
    CHECK(compared == curve["rows"].size() / curve["budgets"].size() * budgets.size());
}

}  // namespace

TEST_CASE("errors and costs follow the reference over all budgets") {
    if (!fs::exists(kCurveCases)) return;
    std::size_t curves = 0;
    for (const auto& entry : fs::directory_iterator(kCurveCases)) {
        if (entry.path().filename().string().rfind("curve-", 0) != 0) continue;
        CAPTURE(entry.path().filename().string());
        check_curve(entry.path());
        ++curves;
    }
    CHECK(curves > 0);
}

TEST_CASE("random words are those of the reference bit for bit, and normals to its digits") {
    if (!fs::exists(kCurveCases)) return;
    const auto streams = read_case(kCurveCases / "random");
    for (const auto& [name, numbers] : streams.items()) {
        if (!numbers.is_object()) continue;
        CAPTURE(name);
        const std::size_t comma = name.find(',');
        const approx::RandomStream stream(std::stoull(name.substr(0, comma)),
                                          std::stoull(name.substr(comma + 1)));
        for (std::size_t i = 0; i < numbers["words"].size(); ++i)
            CHECK(stream.word(i) ==
                  std::stoull(numbers["words"][i].get<std::string>(), nullptr, 16));
        const std::vector<double> normals = stream.normals(numbers["normals"].size());
        for (std::size_t i = 0; i < normals.size(); ++i)
            CHECK(std::abs(normals[i] - numbers["normals"][i].get<double>()) < 1e-11);
    }
}

TEST_CASE("Performer draws the directions of the reference") {
    if (!fs::exists(kCurveCases)) return;
    const Json expected =
        read_case(kCurveCases / "random").at("performer directions: features=6 d=4 seed=3 head=1");
    approx::PerformerDraw draw;
    draw.features = 6;
    draw.seed = 3;
    const Matrix<double> directions = approx::performer_directions(draw, 4, 1, 0);
    REQUIRE(directions.rows == expected.size());
    for (std::size_t t = 0; t < directions.rows; ++t) {
        for (std::size_t c = 0; c < directions.columns; ++c)
            CHECK(std::abs(directions.at(t, c) - expected[t][c].get<double>()) < 1e-11);
    }
}
