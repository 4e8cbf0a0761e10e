#include "results/gradient_report.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace attn::results;

namespace {

GradientReport one_head() {
    GradientReport report;
    report.heads.emplace_back();
    report.heads.back().head = 3;
    report.heads.back().vanishing_rows = 0.25;
    return report;
}

}  // namespace

TEST_CASE("what does not exist is null in JSON and empty in CSV") {
    const auto json = nlohmann::json::parse(gradient_json(one_head()));
    CHECK(json["heads"][0]["head"] == 3);
    CHECK(json["heads"][0]["vanishing_rows"] == 0.25);
    CHECK(json["heads"][0]["jacobian_spectral"].is_null());
    CHECK(json["model"]["verdict"] == "ok");
    CHECK(json["model"].count("clip_coefficient") == 0);
    CHECK_THAT(gradient_csv(one_head()), Catch::Contains("\n0,3,,,,,,,,,,,0.25,,\n"));
}

TEST_CASE("heads whose rows mostly pass nothing are unhealthy, and a verdict that is not ok") {
    GradientReport report = one_head();
    CHECK(report.healthy());
    report.heads[0].vanishing_rows = 0.6;
    CHECK(!report.healthy());
    const auto failed = nlohmann::json::parse(gradient_json(report))["failed"];
    REQUIRE(failed.size() == 1);
    CHECK(failed[0]["layer"] == 0);
    CHECK(failed[0]["head"] == 3);
    CHECK_THAT(failed[0]["reason"].get<std::string>(), Catch::Contains("60 % of the rows"));
    report.heads[0].vanishing_rows = std::nan("");
    CHECK(report.healthy());
    report.model.verdict = "vanishing";
    CHECK(!report.healthy());
}

TEST_CASE("tokens have their labels where there are some") {
    GradientReport report = one_head();
    report.tokens = {{0, 1, 2.0, -3.0}};
    CHECK(nlohmann::json::parse(gradient_json(report))["tokens"][0].count("label") == 0);
    report.labels = {{"the", "cat"}};
    const auto token = nlohmann::json::parse(gradient_json(report))["tokens"][0];
    CHECK(token["label"] == "cat");
    CHECK(token["grad_dot_input"] == -3.0);
}
