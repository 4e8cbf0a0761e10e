#include <algorithm>

#include "analysis/alarms.hpp"
#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/numbers.hpp"
#include "core/word_list.hpp"

namespace attn::analysis {
namespace {

AlarmSeries of_heads(double StepHead::*value) {
    return {value, nullptr, nullptr, nullptr};
}
AlarmSeries of_layers(double StepLayer::*value) {
    return {nullptr, value, nullptr, nullptr};
}
AlarmSeries of_model(double StepModel::*value) {
    return {nullptr, nullptr, value, nullptr};
}
AlarmSeries of_gradients(double ModelGradientStats::*value) {
    return {nullptr, nullptr, nullptr, value};
}

}  // namespace

const char* name_of(AlarmVerdict verdict) {
    return verdict == AlarmVerdict::alarm     ? "alarm"
           : verdict == AlarmVerdict::warning ? "warning"
                                              : "event";
}

const std::vector<AlarmRule>& alarm_rules() {
    using Kind = AlarmRule::Kind;
    using Holds = AlarmRule::Holds;
    constexpr AlarmVerdict kAlarm = AlarmVerdict::alarm, kWarning = AlarmVerdict::warning,
                           kEvent = AlarmVerdict::event;
    // Shares, and what is measured in parts of its largest value; the others have no largest.
    static const RealRange share = RealRange::between(0, 1), size = RealRange::tolerance();
    static const std::vector<AlarmRule> all{
        {Kind::nonfinite,
         "nonfinite",
         kAlarm,
         0,
         1,
         "a NaN or an infinity in a head, with --grad in gradients",
         {},
         Holds::by_kind,
         size,
         false},
        {Kind::no_weights,
         "no_weights",
         kAlarm,
         0,
         1,
         "all weights of a head are 0",
         {},
         Holds::by_kind,
         size,
         false},
        {Kind::entropy_collapse, "entropy_collapse", kAlarm, 0.1, 1,
         "mean entropy_normalised of a layer below it", of_layers(&StepLayer::entropy_normalised),
         Holds::below, share},
        {Kind::entropy_drop, "entropy_drop", kWarning, 0.5, 1,
         "mean entropy_normalised of a layer below this part of the step before",
         of_layers(&StepLayer::entropy_normalised), Holds::by_kind, share},
        {Kind::collapsed_head, "collapsed_head", kWarning, 0.02, 2,
         "entropy_normalised of a head below it", of_heads(&StepHead::entropy_normalised),
         Holds::below, share},
        {Kind::uniform_head, "uniform_head", kWarning, 0.98, 3,
         "entropy_normalised of a head above it", of_heads(&StepHead::entropy_normalised),
         Holds::above, share},
        {Kind::saturated_layer, "saturated_layer", kAlarm, 0.5, 2,
         "mean saturation of a layer above it", of_layers(&StepLayer::saturation), Holds::above,
         share},
        {Kind::saturated_head, "saturated_head", kWarning, 0.5, 2, "saturation of a head above it",
         of_heads(&StepHead::saturation), Holds::above, share},
        {Kind::logit_growth, "logit_growth", kWarning, 100, 1, "max_abs_score of a head above it",
         of_heads(&StepHead::max_abs_score), Holds::above, size},
        {Kind::logit_explosion, "logit_explosion", kAlarm, 1e4, 1,
         "max_abs_score of a head above it", of_heads(&StepHead::max_abs_score), Holds::above,
         size},
        {Kind::constant_scores, "constant_scores", kWarning, 1e-3, 3,
         "score_std of a head below it", of_heads(&StepHead::score_std), Holds::below, size},
        {Kind::stalled_layer, "stalled_layer", kWarning, 1e-4, 3,
         "change of a layer below it while another layer's is above 0.01",
         of_layers(&StepLayer::change), Holds::by_kind, share},
        {Kind::rank_collapse, "rank_collapse", kAlarm, 0.1, 1, "rank_residual of a layer below it",
         of_layers(&StepLayer::rank_residual), Holds::below, share},
        {Kind::duplicate_checkpoint,
         "duplicate_checkpoint",
         kAlarm,
         0,
         1,
         "difference no larger than it, or the same bytes as any earlier step",
         {},
         Holds::by_kind,
         size},
        {Kind::sink_formed, "sink_formed", kEvent, 0.3, 2, "sink of a head above it",
         of_heads(&StepHead::sink), Holds::above, share},
        {Kind::induction_phase_change, "induction_phase_change", kEvent, 0.2, 1,
         "the largest rise of induction_max between two steps, from it on",
         of_model(&StepModel::induction_max), Holds::by_kind, share},
        {Kind::vanishing_gradient, "vanishing_gradient", kAlarm, 1e-3, 2,
         "depth_gain of the model below it, with --grad",
         of_gradients(&ModelGradientStats::depth_gain), Holds::below, size},
        {Kind::exploding_gradient, "exploding_gradient", kAlarm, 1e3, 2,
         "depth_gain of the model above it, with --grad",
         of_gradients(&ModelGradientStats::depth_gain), Holds::above, size},
    };
    return all;
}

std::vector<std::string> alarm_names() {
    std::vector<std::string> names;
    for (const AlarmRule& rule : alarm_rules()) names.emplace_back(rule.name);
    return names;
}

void require_alarm_names(const std::vector<std::string>& names, const std::string& flag) {
    const std::vector<std::string> known = alarm_names();
    for (const std::string& name : names) {
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        fail(flag, " ", quoted(name), ": is no alarm",
             did_you_mean(name, known, "; there are " + joined(known)));
    }
}

std::string change_rule(std::vector<AlarmRule>& rules, const std::string& text,
                        const std::string& flag) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos)
        fail(flag, " ", quoted(text),
             ": expected NAME=THRESHOLD or NAME=THRESHOLD:PATIENCE, such as "
             "entropy_collapse=0.05:2");
    std::string name = text.substr(0, equals);
    require_alarm_names({name}, flag);
    std::string number = text.substr(equals + 1), patience;
    const std::size_t colon = number.find(':');
    if (colon != std::string::npos) {
        patience = number.substr(colon + 1);
        number.resize(colon);
    }
    for (AlarmRule& rule : rules) {
        if (rule.name != name) continue;
        if (!rule.has_threshold)
            fail(flag, " ", quoted(text), ": ", name, " has no threshold to change");
        rule.threshold = parse_real(number, rule.range, flag + " " + name);
        if (colon == std::string::npos) continue;
        if (rule.kind == AlarmRule::Kind::induction_phase_change)
            fail(flag, " ", quoted(text), ": ", name, " compares two steps and has no patience");
        rule.patience = static_cast<std::size_t>(
            parse_whole(patience, {1, 1 << 20}, flag + " " + name + " patience"));
    }
    return name;
}

}  // namespace attn::analysis
