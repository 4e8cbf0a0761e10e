#include "analysis/alarm_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace attn::analysis {
namespace {

using Kind = AlarmRule::Kind;

std::string text_of(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g", value);
    return text;
}

std::string duplicate_text(const TrainingSeries& series, const Alarm& alarm) {
    const auto place = std::find(series.steps.begin(), series.steps.end(), alarm.step);
    const auto step = static_cast<std::size_t>(place - series.steps.begin());
    if (series.repeats[step])
        return "holds the same numbers as step " +
               std::to_string(series.steps[*series.repeats[step]]);
    return "no attention weight differs from the step before by more than " +
           text_of(*alarm.threshold);
}

}  // namespace

std::string alarm_message(const TrainingSeries& series, const AlarmRule& rule, const Alarm& alarm) {
    const std::string value = text_of(alarm.value);
    const std::string limit = alarm.threshold ? text_of(*alarm.threshold) : "";
    switch (rule.kind) {
        case Kind::nonfinite:
            return alarm.head    ? "NaN or infinity"
                   : alarm.layer ? "NaN or infinity in what the layer gives"
                                 : "NaN or infinity in the gradients";
        case Kind::no_weights:
            return "all its weights are 0: no row attends to anything";
        case Kind::entropy_collapse:
            return "mean entropy of its heads is " + value + " of the largest possible, below " +
                   limit;
        case Kind::entropy_drop:
            return "mean entropy of its heads fell to " + value + ", below " + limit +
                   " of the step before";
        case Kind::collapsed_head:
            return "one key takes all: entropy " + value + " of the largest possible, below " +
                   limit;
        case Kind::uniform_head:
            return "looks everywhere alike: entropy " + value + " of the largest possible, above " +
                   limit;
        case Kind::saturated_layer:
        case Kind::saturated_head:
            return "a weight above 0.999 in " + value + " of the rows, above " + limit +
                   ": softmax passes no gradient there";
        case Kind::logit_growth:
        case Kind::logit_explosion:
            return "largest absolute score " + value + ", above " + limit;
        case Kind::constant_scores:
            return "scores differ by no more than a deviation of " + value + ", below " + limit;
        case Kind::stalled_layer:
            return "its weights stand still (change " + value + ", below " + limit +
                   ") while those of another layer move";
        case Kind::rank_collapse:
            return "its result is nearly the same for all tokens: rank residual " + value +
                   ", below " + limit;
        case Kind::duplicate_checkpoint:
            return duplicate_text(series, alarm);
        case Kind::sink_formed:
            return "key 0 receives " + value + " on average, above " + limit;
        case Kind::induction_phase_change:
            return "induction rises by " + value + " between these steps, the most of the training";
        case Kind::vanishing_gradient:
            return "of the gradient above the last layer " + value +
                   " is left at the input, below " + limit;
        case Kind::exploding_gradient:
            return "the gradient above the last layer is " + value +
                   " times as large at the input, above " + limit;
    }
    return "";
}

}  // namespace attn::analysis
