#include "results/check_report.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace attn::results;
using Json = nlohmann::json;

namespace {

CheckLine leak() {
    CheckLine line{"causal_leak", Verdict::fail, 0.5, CheckPlace{2, 1, 3, 4, 5}, "looks ahead"};
    line.threshold = 0.0;
    line.meaning = "no key after the query has a weight";
    return line;
}

}  // namespace

TEST_CASE("a warning fails only where warnings are as bad") {
    const CheckResult result{false, {{"flat", Verdict::warning, {}, {}, ""}}};
    CHECK_FALSE(result.failed());
    CHECK(result.failed(true));
    CHECK(CheckResult{false, {leak()}}.failed());
}

TEST_CASE("what a check did not find is null in its JSON") {
    const CheckResult result{false, {{"finite", Verdict::ok, {}, {}, ""}}};
    const Json entry = Json::parse(checks_json({{"a.npy", result}}, false, true))["checks"][0];
    CHECK(entry["verdict"] == "ok");
    CHECK(entry["worst"].is_null());
    CHECK(entry["place"].is_null());
    CHECK(entry["threshold"].is_null());
    CHECK_FALSE(entry.contains("source"));
}

TEST_CASE("a place names its sequence only in a batch, and a check its source among several") {
    const CheckedSource one{"a.npy", {false, {leak()}}}, batch{"b.npy", {true, {leak()}}};
    const Json document = Json::parse(checks_json({one, batch}, true, false));
    CHECK(document["passed"] == false);
    CHECK(document["checks"][0]["source"] == "a.npy");
    CHECK(document["checks"][0]["place"] ==
          Json::parse(R"({"layer": 2, "head": 3, "query": 4, "key": 5})"));
    CHECK(document["checks"][1]["place"]["seq"] == 1);
}
