#include "results/look_report.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace attn::results;
using Json = nlohmann::json;

TEST_CASE("a file that was looked at has every key, with what is wrong in front") {
    LookResult result;
    result.kind = LookResult::Kind::attention;
    result.what = "attention, 1 layer x 1 head";
    CheckLine warning, failure;
    warning.name = "dead_head";
    warning.verdict = Verdict::warning;
    warning.meaning = "no head is uniform";
    failure.name = "row_sum";
    failure.verdict = Verdict::fail;
    failure.message = "a row sums to 2";
    failure.place = CheckPlace{1, 0, 2, 3, std::nullopt};
    result.check.lines = {warning, failure};
    result.next = {"attn-inspect check a"};
    const Json json = Json::parse(look_json({{"a", result, ""}}));
    CHECK(json["passed"] == false);
    const Json& file = json["files"][0];
    for (const char* key : {"source", "kind", "what", "more", "passed", "checks", "problems",
                            "roles", "entropy", "next"})
        CHECK(file.count(key) == 1);
    CHECK(file["checks"] == Json::parse(R"({"ok": 0, "failed": 1, "warnings": 1})"));
    CHECK(file["problems"][0] ==
          Json::parse(R"({"verdict": "FAIL", "name": "row_sum", "message": "a row sums to 2",
                          "layer": 1, "head": 2, "query": 3})"));
    CHECK(file["problems"][1]["message"] == "no head is uniform");
}

TEST_CASE("what cannot be read says why, and nothing passes with it") {
    const Json json = Json::parse(look_json({{"a", {}, ""}, {"b", {}, "b: cannot open"}}));
    CHECK(json["passed"] == false);
    CHECK(json["files"][0]["kind"] == "arrays");
    CHECK(json["files"][1] == Json::parse(R"({"source": "b", "error": "b: cannot open"})"));
    CHECK(Json::parse(look_json({{"a", {}, ""}}))["passed"] == true);
}
