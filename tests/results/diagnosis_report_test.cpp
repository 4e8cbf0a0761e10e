#include "results/diagnosis_report.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace attn;
using namespace attn::results;
using Json = nlohmann::json;

namespace {

DiagnoseResult one_mistake() {
    DiagnoseResult result;
    analysis::Diagnosis& diagnosis = result.diagnosis;
    diagnosis.error = 0.5;
    diagnosis.differences.place = {1, 2, 3, 4};
    diagnosis.differences.axes = {{1, 2, 1, 1}, {0, 4, 0, 0}, {3, 9, 2, 8}, {9, 9, 0, 8}};
    diagnosis.explanations = {{{&analysis::hypotheses().front()}, 0.1, true, "scale 2"}};
    return result;
}

}  // namespace

TEST_CASE("a mistake has its name, its advice and its share of the error in the JSON") {
    const Json found = Json::parse(diagnosis_json(one_mistake()));
    CHECK(found["verdict"] == "mistake");
    const Json& explanation = found["explanations"][0];
    CHECK(explanation["mistakes"] == Json({analysis::hypotheses().front().name}));
    CHECK(explanation["advice"] == Json({analysis::hypotheses().front().advice}));
    CHECK(explanation["read"] == Json({analysis::hypotheses().front().read}));
    CHECK(explanation["explains"] == 0.8);
    CHECK(explanation["detail"] == "scale 2");
}

TEST_CASE("the JSON tells the farthest number by the axes of what was observed") {
    DiagnoseResult result = one_mistake();
    const Json place = Json::parse(diagnosis_json(result))["misfit"]["place"];
    CHECK(place == Json({{"seq", 1}, {"head", 2}, {"query", 3}, {"key", 4}}));
    result.kind = analysis::Observed::output;
    result.diagnosis.differences.place = {1, 2, 3};
    result.diagnosis.differences.axes.pop_back();
    const Json of_output = Json::parse(diagnosis_json(result))["misfit"]["place"];
    CHECK(of_output == Json({{"seq", 1}, {"query", 2}, {"column", 3}}));
}

TEST_CASE("an axis without a difference has no first and last in the JSON") {
    const Json axes = Json::parse(diagnosis_json(one_mistake()))["misfit"]["axes"];
    CHECK(axes["query"] == Json({{"differing", 3}, {"of", 9}, {"first", 2}, {"last", 8}}));
    CHECK(axes["head"] == Json({{"differing", 0}, {"of", 4}}));
}

TEST_CASE("what is not there is null in the JSON, and a layer that was not judged has no verdict") {
    DiagnoseResult result = one_mistake();
    result.layers = {{0, true, true, 1e-7}, {1, true, false, 0.5}, {2, false, false, std::nullopt}};
    const Json found = Json::parse(diagnosis_json(result));
    CHECK(found["precision"].is_null());
    CHECK(found["non_finite"].is_null());
    CHECK(found["layers"][0]["verdict"] == "correct");
    CHECK(found["layers"][1]["verdict"] == "wrong");
    CHECK(found["layers"][2]["verdict"].is_null());
    CHECK(found["layers"][2]["residual"].is_null());
}
