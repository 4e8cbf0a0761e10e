#include "results/comparison.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <nlohmann/json.hpp>

using namespace attn::results;
using Json = nlohmann::json;

TEST_CASE("two results are the same where no head differs and none is missing") {
    CompareResult result;
    result.heads.resize(2);
    CHECK(result.same());
    result.missing = {"layer 1 is only in A"};
    CHECK_FALSE(result.same());
    result.missing.clear();
    result.heads[1].values.differing = 1;
    CHECK_FALSE(result.same());
}

TEST_CASE("numbers that are not finite are null in the JSON of a comparison") {
    CompareResult result;
    result.heads.resize(1);
    result.heads[0].values.max_rel = std::numeric_limits<double>::infinity();
    result.heads[0].values.max_abs = 0.5;
    const Json head = Json::parse(comparison_json(result))["heads"][0];
    CHECK(head["max_rel"].is_null());
    CHECK(head["max_abs"] == 0.5);
    CHECK(head["first"].is_null());
    CHECK_FALSE(head.contains("seq"));
}

TEST_CASE("the first cell that differs is told as query and key, in a batch with its sequence") {
    CompareResult result;
    result.batch = true;
    result.heads.resize(1);
    result.heads[0].sequence = 3;
    result.heads[0].values.first = {4, 5};
    const Json head = Json::parse(comparison_json(result))["heads"][0];
    CHECK(head["seq"] == 3);
    CHECK(head["first"] == Json::parse("[4, 5]"));
}
