#include "analysis/alarms.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace attn::analysis;

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// One layer with one head whose measure takes these values.
TrainingSeries series_of(const std::vector<double>& values, double StepHead::*of_head,
                         double StepLayer::*of_layer = nullptr) {
    TrainingSeries series;
    HeadSeries head{0, 3, std::nullopt, {}};
    LayerSeries layer{0, std::nullopt, {}};
    for (std::size_t i = 0; i < values.size(); ++i) {
        series.steps.push_back(static_cast<std::int64_t>(i) * 100);
        series.repeats.emplace_back();
        series.model.emplace_back();
        head.steps.emplace_back();
        layer.steps.emplace_back();
        if (of_head != nullptr) head.steps.back().*of_head = values[i];
        if (of_layer != nullptr) layer.steps.back().*of_layer = values[i];
    }
    series.heads = {head};
    series.layers = {layer};
    return series;
}

std::vector<Alarm> found(const TrainingSeries& series, const std::string& name) {
    std::vector<Alarm> alarms;
    for (const Alarm& alarm : find_alarms(series, alarm_rules()))
        if (alarm.name == name) alarms.push_back(alarm);
    return alarms;
}

}  // namespace

TEST_CASE("a rule fires once when it has held for its patience, and again after it stopped") {
    const auto alarms = found(series_of({0.9, 0.01, 0.01, 0.01, 0.9, 0.01, 0.9, 0.01, 0.01},
                                        &StepHead::entropy_normalised),
                              "collapsed_head");
    REQUIRE(alarms.size() == 2);
    CHECK(alarms[0].since == 100);
    CHECK(alarms[0].step == 200);
    CHECK(alarms[0].until == 400);
    CHECK(alarms[0].head == 3);
    CHECK(alarms[1].since == 700);
    CHECK(alarms[1].step == 800);
    CHECK_FALSE(alarms[1].until.has_value());
}

TEST_CASE("a step at which a measure does not exist breaks the row") {
    CHECK(found(series_of({0.01, kNone, 0.01, kNone}, &StepHead::entropy_normalised),
                "collapsed_head")
              .empty());
}

TEST_CASE("thresholds themselves are healthy") {
    CHECK(found(series_of({0.1, 0.1}, nullptr, &StepLayer::entropy_normalised), "entropy_collapse")
              .empty());
    CHECK(found(series_of({0.3, 0.3, 0.3}, &StepHead::sink), "sink_formed").empty());
    CHECK(found(series_of({100}, &StepHead::max_abs_score), "logit_growth").empty());
}

TEST_CASE("each rule of heads and layers sees its measure") {
    struct Example {
        const char* name;
        double StepHead::*of_head;
        double StepLayer::*of_layer;
        double value;
    };
    for (const Example& example :
         {Example{"entropy_collapse", nullptr, &StepLayer::entropy_normalised, 0.05},
          {"collapsed_head", &StepHead::entropy_normalised, nullptr, 0.01},
          {"uniform_head", &StepHead::entropy_normalised, nullptr, 0.99},
          {"saturated_layer", nullptr, &StepLayer::saturation, 0.6},
          {"saturated_head", &StepHead::saturation, nullptr, 0.6},
          {"logit_growth", &StepHead::max_abs_score, nullptr, 101},
          {"logit_explosion", &StepHead::max_abs_score, nullptr, 10001},
          {"constant_scores", &StepHead::score_std, nullptr, 0},
          {"rank_collapse", nullptr, &StepLayer::rank_residual, 0.05},
          {"sink_formed", &StepHead::sink, nullptr, 0.4}}) {
        INFO(example.name);
        const std::vector<double> values(3, example.value);
        const auto alarms =
            found(series_of(values, example.of_head, example.of_layer), example.name);
        REQUIRE(alarms.size() == 1);
        CHECK(alarms[0].value == example.value);
        CHECK(alarms[0].head.has_value() == (example.of_head != nullptr));
        CHECK_FALSE(alarms[0].message.empty());
    }
}

TEST_CASE("a drop of entropy is one against the step before") {
    const auto alarms = found(
        series_of({0.9, 0.4, 0.3, 0.1}, nullptr, &StepLayer::entropy_normalised), "entropy_drop");
    REQUIRE(alarms.size() == 2);
    CHECK(alarms[0].step == 100);
    CHECK(alarms[0].until == 200);
    CHECK(alarms[1].step == 300);
}

TEST_CASE("a layer stalls only while another one moves") {
    TrainingSeries series = series_of({kNone, 0, 0, 0, 0}, nullptr, &StepLayer::change);
    CHECK(found(series, "stalled_layer").empty());
    LayerSeries other = series.layers[0];
    other.layer = 1;
    for (std::size_t i = 1; i < 5; ++i) other.steps[i].change = 0.05;
    series.layers.push_back(other);
    const auto alarms = found(series, "stalled_layer");
    REQUIRE(alarms.size() == 1);
    CHECK(alarms[0].layer == 0);
    CHECK(alarms[0].since == 100);
    CHECK(alarms[0].step == 300);
}

TEST_CASE("a checkpoint that repeats any earlier one is found, not only the one before") {
    TrainingSeries series = series_of({1, 1, 1}, &StepHead::sink);
    series.model[1].difference = 0.5;
    series.model[2].difference = 0.5;
    CHECK(found(series, "duplicate_checkpoint").empty());
    series.repeats[2] = 0;
    const auto alarms = found(series, "duplicate_checkpoint");
    REQUIRE(alarms.size() == 1);
    CHECK(alarms[0].step == 200);
    CHECK(alarms[0].message == "holds the same numbers as step 0");
    series.repeats[2].reset();
    series.model[2].difference = 0;
    CHECK(found(series, "duplicate_checkpoint").size() == 1);
}

TEST_CASE("the phase change is the largest rise of induction, if it is large enough") {
    TrainingSeries series = series_of({0, 0, 0, 0}, &StepHead::sink);
    const double rises[] = {0.05, 0.1, 0.45, 0.7};
    for (std::size_t i = 0; i < 4; ++i) series.model[i].induction_max = rises[i];
    const auto alarms = found(series, "induction_phase_change");
    REQUIRE(alarms.size() == 1);
    CHECK(alarms[0].since == 100);
    CHECK(alarms[0].step == 200);
    CHECK(alarms[0].value == Approx(0.35));
    series.model[2].induction_max = 0.2;
    series.model[3].induction_max = 0.3;
    CHECK(found(series, "induction_phase_change").empty());
}

TEST_CASE("a NaN is an alarm of its head, and of its layer where no head has one") {
    TrainingSeries series = series_of({1, 1, 1}, &StepHead::confidence);
    series.heads[0].steps[1].nonfinite = true;
    series.layers[0].steps[1].nonfinite = true;
    series.layers[0].steps[2].nonfinite = true;
    const auto alarms = found(series, "nonfinite");
    REQUIRE(alarms.size() == 2);
    CHECK(alarms[0].head == 3);
    CHECK(alarms[0].until == 200);
    CHECK(alarms[1].step == 200);
    CHECK_FALSE(alarms[1].head.has_value());
}

TEST_CASE("series of single sequences raise no alarm") {
    TrainingSeries series = series_of({0, 0, 0}, &StepHead::entropy_normalised);
    series.heads[0].sequence = 1;
    CHECK(found(series, "collapsed_head").empty());
}

TEST_CASE("a head without any weight is an alarm at once, and as long as it lasts") {
    TrainingSeries series = series_of({0.5, kNone, 0.5}, &StepHead::entropy_normalised);
    series.heads.front().steps[1].no_weights = true;
    const auto alarms = found(series, "no_weights");
    REQUIRE(alarms.size() == 1);
    CHECK(alarms[0].step == 100);
    CHECK(alarms[0].until == 200);
    CHECK(alarms[0].head == 3);
    CHECK(alarms[0].message == "all its weights are 0: no row attends to anything");
}

TEST_CASE("a gradient that is not finite is an alarm where attention is") {
    TrainingSeries series = series_of({0.5, 0.5}, &StepHead::entropy_normalised);
    series.gradients.resize(2);
    series.gradients[1].verdict = "nonfinite";
    const auto alarms = found(series, "nonfinite");
    REQUIRE(alarms.size() == 1);
    CHECK(alarms[0].step == 100);
    CHECK_FALSE(alarms[0].layer.has_value());
    CHECK(alarms[0].message == "NaN or infinity in the gradients");
}
