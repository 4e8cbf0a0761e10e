#include "analysis/alarm_text.hpp"

#include <catch2/catch.hpp>

using namespace attn::analysis;

namespace {

// A series of two steps, the second a copy of the first.
TrainingSeries two_steps() {
    TrainingSeries series;
    series.steps = {10, 20};
    series.repeats = {std::nullopt, 0};
    return series;
}

}  // namespace

TEST_CASE("every alarm says its value and its threshold, where it has them") {
    for (const AlarmRule& rule : alarm_rules()) {
        INFO(rule.name);
        Alarm alarm;
        alarm.step = 10;
        alarm.layer = 0;
        alarm.head = 1;
        alarm.value = 0.125;
        if (rule.has_threshold) alarm.threshold = 0.0625;
        const std::string text = alarm_message(two_steps(), rule, alarm);
        REQUIRE_FALSE(text.empty());
        CHECK(text.back() != '.');
        const bool of_all_steps = rule.kind == AlarmRule::Kind::induction_phase_change;
        const bool of_step_before = rule.kind == AlarmRule::Kind::duplicate_checkpoint;
        if (rule.has_threshold && !of_step_before) CHECK_THAT(text, Catch::Contains("0.125"));
        if (rule.has_threshold && !of_all_steps) CHECK_THAT(text, Catch::Contains("0.0625"));
    }
}

TEST_CASE("a step that repeats another names it") {
    Alarm alarm;
    alarm.step = 20;
    alarm.threshold = 0;
    for (const AlarmRule& rule : alarm_rules()) {
        if (rule.kind == AlarmRule::Kind::duplicate_checkpoint)
            CHECK(alarm_message(two_steps(), rule, alarm) == "holds the same numbers as step 10");
    }
}
