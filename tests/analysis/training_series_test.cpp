#include "analysis/training_series.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace attn::analysis;

namespace {

TrainingSeries with_scores(const std::vector<std::pair<std::int64_t, double>>& points) {
    TrainingSeries series;
    for (const auto& [step, score] : points) {
        series.steps.push_back(step);
        series.model.emplace_back();
        series.model.back().max_abs_score = score;
    }
    return series;
}

}  // namespace

TEST_CASE("the forecast of scores follows a power of the step to 1e4") {
    // score = step^2 reaches 1e4 at step 100.
    const auto step = forecast_logits(with_scores({{0, 5}, {2, 4}, {4, 16}, {8, 64}, {10, 100}}));
    REQUIRE(step.has_value());
    CHECK(*step == Approx(100));
}

TEST_CASE("the forecast looks at the last five steps only") {
    const auto step =
        forecast_logits(with_scores({{1, 9e9}, {2, 4}, {4, 16}, {8, 64}, {10, 100}, {20, 400}}));
    REQUIRE(step.has_value());
    CHECK(*step == Approx(100));
}

TEST_CASE("there is no forecast with less than four steps, and none where nothing grows") {
    CHECK_FALSE(forecast_logits(with_scores({{0, 1}, {1, 2}, {2, 4}, {3, 8}})).has_value());
    CHECK_FALSE(forecast_logits(with_scores({{1, 8}, {2, 4}, {3, 2}, {4, 1}})).has_value());
    CHECK_FALSE(forecast_logits(with_scores({{1, 3}, {2, 3}, {3, 3}, {4, 3}})).has_value());
}

TEST_CASE("a measure exists where any step of any series has it") {
    std::vector<HeadSeries> heads{{0, 0, std::nullopt, {StepHead(), StepHead()}}};
    CHECK_FALSE(exists(heads, &StepHead::induction));
    heads[0].steps[1].induction = 0;
    CHECK(exists(heads, &StepHead::induction));
}
