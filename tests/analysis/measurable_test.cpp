#include "analysis/measurable.hpp"

#include <catch2/catch.hpp>

using namespace attn::analysis;
using Catch::Contains;

namespace {

// One layer of one head over so many steps, weights only: no scores, no tokens, nothing computed.
TrainingSeries stored_steps(std::size_t count) {
    TrainingSeries series;
    series.heads.push_back({0, 0});
    series.layers.push_back({0});
    for (std::size_t i = 0; i < count; ++i) {
        series.steps.push_back(static_cast<std::int64_t>(i));
        StepHead head;
        head.entropy_normalised = head.saturation = head.sink = head.score_range = 0.5;
        series.heads.front().steps.push_back(head);
        StepLayer layer;
        layer.entropy_normalised = layer.saturation = 0.5;
        if (i > 0) layer.change = 0.1;
        series.layers.front().steps.push_back(layer);
        StepModel model;
        if (i > 0) model.difference = 0.1;
        series.model.push_back(model);
    }
    return series;
}

AlarmRule rule_of(const std::string& name) {
    for (const AlarmRule& rule : alarm_rules())
        if (name == rule.name) return rule;
    FAIL(name);
    return alarm_rules().front();
}

}  // namespace

TEST_CASE("a measure that no step has is told with what would give it") {
    const TrainingSeries series = stored_steps(3);
    CHECK(why_not_measured(series, "sink").empty());
    CHECK(why_not_measured(series, "change").empty());
    CHECK_THAT(why_not_measured(series, "max_abs_score"), Contains("--save weights,scores"));
    CHECK(why_not_measured(series, "max_abs_score", false).empty());  // the next step may have them
    CHECK_THAT(why_not_measured(series, "induction"), Contains("--tokens"));
    CHECK_THAT(why_not_measured(series, "induction_max"), Contains("--tokens"));
    CHECK_THAT(why_not_measured(series, "rank_residual"), Contains("--checkpoints"));
    CHECK_THAT(why_not_measured(series, "qk_spectral"), Contains("--checkpoints"));
    CHECK_THAT(why_not_measured(series, "depth_gain"), Contains("--grad"));
    CHECK_THAT(why_not_measured(stored_steps(1), "change"), Contains("one step"));
    TrainingSeries scores = stored_steps(1);
    scores.heads.front().steps.front().score_range = StepHead::kNone;
    CHECK_THAT(why_not_measured(scores, "score_range"), Contains("a weight of 0"));
    scores.heads.front().steps.front().max_abs_score = 3;
    CHECK_THAT(why_not_measured(scores, "score_range"), Contains("max_abs_score"));
}

TEST_CASE("nothing is said to be missing where no number is finite") {
    TrainingSeries series = stored_steps(2);
    for (StepHead& step : series.heads.front().steps) {
        step = StepHead();
        step.nonfinite = true;
    }
    CHECK(why_not_measured(series, "sink").empty());
    CHECK(why_never_raised(series, rule_of("uniform_head")).empty());
}

TEST_CASE("an alarm that asks for more steps than there are can never be raised") {
    CHECK_THAT(why_never_raised(stored_steps(2), rule_of("uniform_head")),
               Contains("3 steps in a row, and there are 2; --alarm uniform_head=THRESHOLD:1"));
    CHECK(why_never_raised(stored_steps(3), rule_of("uniform_head")).empty());
    AlarmRule drop = rule_of("entropy_drop");
    CHECK_THAT(why_never_raised(stored_steps(1), drop), Contains("there is one step"));
    CHECK(why_never_raised(stored_steps(2), drop).empty());
    drop.patience = 2;
    CHECK_THAT(why_never_raised(stored_steps(2), drop), Contains("each compared with the one"));
    CHECK(why_never_raised(stored_steps(3), drop).empty());
    CHECK_THAT(why_never_raised(stored_steps(1), rule_of("duplicate_checkpoint")),
               Contains("there is one step"));
}

TEST_CASE("a layer cannot stand still beside others where there are none") {
    TrainingSeries series = stored_steps(5);
    CHECK_THAT(why_never_raised(series, rule_of("stalled_layer")), Contains("one layer"));
    series.layers.push_back(series.layers.front());
    series.layers.back().layer = 1;
    CHECK(why_never_raised(series, rule_of("stalled_layer")).empty());
}

TEST_CASE("each alarm says which measure it looks at, and misses it where that is not there") {
    const TrainingSeries series = stored_steps(6);
    for (const AlarmRule& rule : alarm_rules()) {
        INFO(rule.name);
        const std::string measure = measure_of(rule);
        if (measure.empty()) {
            CHECK(why_never_raised(series, rule).empty());
            continue;
        }
        const std::string missing = why_not_measured(series, measure);
        if (missing.empty()) continue;
        CHECK(why_never_raised(series, rule) == "looks at " + measure + ", which " + missing);
    }
}
