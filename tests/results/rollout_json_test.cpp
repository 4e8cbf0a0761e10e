#include "results/rollout_json.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace attn::results;

TEST_CASE("the JSON of a rollout has its keys even where there is nothing to say") {
    RolloutSummary summary;
    summary.method = "attention";
    const auto json = nlohmann::json::parse(rollout_json(summary));
    CHECK(json["specificity"].is_null());
    CHECK(json["flow_saturation"].is_null());
    CHECK(json["targets"].empty());
    CHECK(json["warnings"].empty());
}

TEST_CASE("a target is told with its sequence and its inputs, largest first") {
    RolloutSummary summary;
    summary.layers = {0, 2};
    summary.specificity = 0.5;
    summary.targets = {{1, 3, 7, {{0, 0.75}, {4, 0.25}}}, {0, std::nullopt, 2, {}}};
    const auto json = nlohmann::json::parse(rollout_json(summary));
    CHECK(json["layers"] == nlohmann::json{0, 2});
    CHECK(json["targets"][0] ==
          nlohmann::json::parse(R"({"seq":1,"head":3,"query":7,"top":[[0,0.75],[4,0.25]]})"));
    CHECK_FALSE(json["targets"][1].contains("head"));
}
