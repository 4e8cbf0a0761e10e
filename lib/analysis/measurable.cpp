#include "analysis/measurable.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/word_list.hpp"

namespace attn::analysis {
namespace {

using Kind = AlarmRule::Kind;

bool has_finite_head(const TrainingSeries& series) {
    return std::any_of(series.heads.begin(), series.heads.end(), [](const HeadSeries& head) {
        return std::any_of(head.steps.begin(), head.steps.end(),
                           [](const StepHead& step) { return !step.nonfinite; });
    });
}

bool has_nonfinite(const TrainingSeries& series) {
    const auto at_some_step = [](const auto& one) {
        return std::any_of(one.steps.begin(), one.steps.end(),
                           [](const auto& step) { return step.nonfinite; });
    };
    return std::any_of(series.heads.begin(), series.heads.end(), at_some_step) ||
           std::any_of(series.layers.begin(), series.layers.end(), at_some_step);
}

template <class Measures>
auto measure_named(const Measures& all, const std::string& name) {
    return std::find_if(all.begin(), all.end(),
                        [&](const auto& measure) { return name == measure.name; });
}

// The only measure of gradients that alarms read.
constexpr const char* kDepthGain = "depth_gain";

template <class Measures, class Value>
std::string name_in(const Measures& all, Value value) {
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const auto& measure) { return measure.value == value; });
    return assert(found != all.end()), found->name;
}

bool some_step_has(const TrainingSeries& series, const std::string& name) {
    const auto head = measure_named(head_measures(), name);
    if (head != head_measures().end() && exists(series.heads, head->value)) return true;
    const auto layer = measure_named(layer_measures(), name);
    if (layer != layer_measures().end() && exists(series.layers, layer->value)) return true;
    if (name == kDepthGain) return !series.gradients.empty();
    const auto model = measure_named(model_measures(), name);
    return model != model_measures().end() && exists(series.model, model->value);
}

bool compares_steps(const std::string& measure) {
    return measure == "change" || measure == "difference";
}

bool is_of_scores(const std::string& measure) {
    return measure == "max_score" || measure == "max_abs_score" || measure == "score_std";
}

std::string what_gives(const TrainingSeries& series, const std::string& measure) {
    if (compares_steps(measure))
        return "compares a step with the one before it, and there is one step";
    if (is_of_scores(measure))
        return "needs scores, which saved attention has where run --save weights,scores made it, "
               "and --checkpoints always";
    if (measure == "score_range" && exists(series.heads, &StepHead::max_abs_score))
        return "is of weights without scores; of these scores max_abs_score tells how large they "
               "are";
    if (measure == "score_range") return "needs a row without a weight of 0";
    if (measure == kDepthGain) return "takes --checkpoints and --grad UPSTREAM";
    if (measure == "qk_spectral" || measure == "rank_residual" || measure == "token_cosine" ||
        measure == "stable_rank")
        return "is of what a model computes; only with --checkpoints";
    if (measure == "induction" || measure == "induction_max" || measure == "previous_token" ||
        measure == "duplicate_token")
        return "needs labels of the tokens, some of which come again; give --tokens FILE";
    return "needs a query that may attend to two keys or more";
}

// The most steps in a row at which some series has the value.
template <class Series, class Values>
std::size_t longest_row(const std::vector<Series>& all, double Values::*value) {
    std::size_t longest = 0;
    for (const Series& one : all) {
        if (one.sequence) continue;
        std::size_t row = 0;
        for (const Values& step : one.steps) {
            row = std::isnan(step.*value) ? 0 : row + 1;
            longest = std::max(longest, row);
        }
    }
    return longest;
}

bool compares_steps(Kind kind) {
    return kind == Kind::entropy_drop || kind == Kind::stalled_layer ||
           kind == Kind::duplicate_checkpoint || kind == Kind::induction_phase_change;
}

// The most steps in a row that the alarm can judge.
std::size_t judged_steps(const TrainingSeries& series, const AlarmRule& rule) {
    if (rule.reads.of_gradients != nullptr) return series.gradients.size();
    // How far a layer moved was compared when it was measured.
    const std::size_t before = compares_steps(rule.kind) && rule.kind != Kind::stalled_layer;
    const std::size_t steps =
        rule.reads.of_heads != nullptr    ? longest_row(series.heads, rule.reads.of_heads)
        : rule.reads.of_layers != nullptr ? longest_row(series.layers, rule.reads.of_layers)
                                          : series.steps.size();
    return steps - std::min(steps, before);
}

std::size_t layers_in(const TrainingSeries& series) {
    return static_cast<std::size_t>(
        std::count_if(series.layers.begin(), series.layers.end(),
                      [](const LayerSeries& layer) { return !layer.sequence; }));
}

}  // namespace

std::string why_not_measured(const TrainingSeries& series, const std::string& measure,
                             bool complete) {
    // One step may have been saved with its scores, another one without.
    const bool may_follow = compares_steps(measure) || is_of_scores(measure) ||
                            measure == "score_range" || measure == kDepthGain;
    if (!complete && may_follow) return "";
    if (!has_finite_head(series) || some_step_has(series, measure)) return "";
    return what_gives(series, measure);
}

std::string measure_of(const AlarmRule& rule) {
    const AlarmSeries& reads = rule.reads;
    if (reads.of_heads != nullptr) return name_in(head_measures(), reads.of_heads);
    if (reads.of_layers != nullptr) return name_in(layer_measures(), reads.of_layers);
    if (reads.of_model != nullptr) return name_in(model_measures(), reads.of_model);
    return reads.of_gradients != nullptr ? kDepthGain : "";
}

std::string why_never_raised(const TrainingSeries& series, const AlarmRule& rule, bool complete) {
    const std::string measure = measure_of(rule);
    if (!measure.empty()) {
        const std::string why = why_not_measured(series, measure, complete);
        if (!why.empty()) return "looks at " + measure + ", which " + why;
    }
    if (!complete) return "";
    if (rule.kind == Kind::stalled_layer && layers_in(series) < 2)
        return "compares a layer with others, and there is one layer";
    const std::size_t judged = judged_steps(series, rule);
    if (judged >= rule.patience || has_nonfinite(series)) return "";
    if (compares_steps(rule.kind) && rule.patience == 1)
        return "compares a step with the one before it, and there is one step";
    return "must hold for " + counted(rule.patience, "step") + " in a row" +
           (compares_steps(rule.kind) ? ", each compared with the one before it" : "") +
           ", and there " + (judged == 1 ? "is " : "are ") + std::to_string(judged) + "; --alarm " +
           rule.name + "=THRESHOLD:1 asks for one";
}

}  // namespace attn::analysis
