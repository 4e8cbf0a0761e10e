// What goes wrong in a training, and since when: rules over the series of its steps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/training_series.hpp"
#include "core/numbers.hpp"

namespace attn::analysis {

enum class AlarmVerdict { alarm, warning, event };
const char* name_of(AlarmVerdict verdict);

// The series that a rule reads, by one of these; by none where no single number says whether it
// holds.
struct AlarmSeries {
    double StepHead::*of_heads = nullptr;
    double StepLayer::*of_layers = nullptr;
    double StepModel::*of_model = nullptr;
    double ModelGradientStats::*of_gradients = nullptr;
};

struct AlarmRule {
    enum class Kind {
        nonfinite,
        no_weights,
        entropy_collapse,
        entropy_drop,
        collapsed_head,
        uniform_head,
        saturated_layer,
        saturated_head,
        logit_growth,
        logit_explosion,
        constant_scores,
        stalled_layer,
        rank_collapse,
        duplicate_checkpoint,
        sink_formed,
        induction_phase_change,
        vanishing_gradient,
        exploding_gradient,
    };
    Kind kind;
    const char* name;
    AlarmVerdict verdict;
    double threshold;      // unless has_threshold is false
    std::size_t patience;  // steps in a row at which it must hold
    const char* meaning;   // when it holds, for the help
    AlarmSeries reads;
    // What of the series: values on one side of the threshold, or what the kind says.
    enum class Holds { below, above, by_kind } holds;
    RealRange range;  // of thresholds that make sense
    bool has_threshold = true;
};

// All of them with their usual numbers.
const std::vector<AlarmRule>& alarm_rules();

// The names of alarm_rules().
std::vector<std::string> alarm_names();

// "NAME=THRESHOLD[:PATIENCE]" changes the rule of that name in `rules`, and returns the name.
// Throws Error, which names the flag, for a name that is none and numbers that are out of range.
std::string change_rule(std::vector<AlarmRule>& rules, const std::string& text,
                        const std::string& flag);

// Throws Error, with the nearest name, for names that are no alarms.
void require_alarm_names(const std::vector<std::string>& names, const std::string& flag);

struct Alarm {
    std::string name;
    AlarmVerdict verdict = AlarmVerdict::alarm;
    std::int64_t step = 0;                // at which the rule had held for its patience
    std::int64_t since = 0;               // the first step of these
    std::optional<std::int64_t> until{};  // the first step where it held no longer
    std::optional<std::size_t> layer{};
    std::optional<std::size_t> head{};
    double value = 0;  // at `step`; NaN where there is none
    std::optional<double> threshold{};
    std::string message{};
};

// A rule fires once when it has held for `patience` steps in a row, and again after it stopped. By
// step, then in the order of the rules, layers and heads.
std::vector<Alarm> find_alarms(const TrainingSeries& series, const std::vector<AlarmRule>& rules);

}  // namespace attn::analysis
