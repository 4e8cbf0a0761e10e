#include "analysis/measurable.hpp"

#include <algorithm>
#include <cmath>

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

bool some_step_has(const TrainingSeries& series, const std::string& name) {
    const auto head = measure_named(head_measures(), name);
    if (head != head_measures().end() && exists(series.heads, head->value)) return true;
    const auto layer = measure_named(layer_measures(), name);
    if (layer != layer_measures().end() && exists(series.layers, layer->value)) return true;
    if (name == "depth_gain") return !series.gradients.empty();
    const auto model = measure_named(model_measures(), name);
    return model != model_measures().end() && exists(series.model, model->value);
}

bool compares_steps(const std::string& measure) {
    return measure == "change" || measure == "difference";
}

std::string what_gives(const TrainingSeries& series, const std::string& measure) {
    if (compares_steps(measure))
        return "compares a step with the one before it, and there is one step";
    if (measure == "max_score" || measure == "max_abs_score" || measure == "score_std")
        return "needs scores, which saved attention has where run --save weights,scores made it, "
               "and --checkpoints always";
    if (measure == "score_range" && exists(series.heads, &StepHead::max_abs_score))
        return "is of weights without scores; of these scores max_abs_score tells how large they "
               "are";
    if (measure == "score_range") return "needs a row without a weight of 0";
    if (measure == "depth_gain") return "takes --checkpoints and --grad UPSTREAM";
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

// The most steps in a row that the alarm can judge.
std::size_t judged_steps(const TrainingSeries& series, Kind kind) {
    const std::size_t steps = series.steps.size();
    switch (kind) {
        case Kind::nonfinite:
            return steps;
        case Kind::entropy_collapse:
            return longest_row(series.layers, &StepLayer::entropy_normalised);
        case Kind::entropy_drop: {
            const std::size_t row = longest_row(series.layers, &StepLayer::entropy_normalised);
            return row - std::min<std::size_t>(row, 1);
        }
        case Kind::collapsed_head:
        case Kind::uniform_head:
            return longest_row(series.heads, &StepHead::entropy_normalised);
        case Kind::saturated_layer:
            return longest_row(series.layers, &StepLayer::saturation);
        case Kind::saturated_head:
            return longest_row(series.heads, &StepHead::saturation);
        case Kind::logit_growth:
        case Kind::logit_explosion:
            return longest_row(series.heads, &StepHead::max_abs_score);
        case Kind::constant_scores:
            return longest_row(series.heads, &StepHead::score_std);
        case Kind::stalled_layer:
            return longest_row(series.layers, &StepLayer::change);
        case Kind::rank_collapse:
            return longest_row(series.layers, &StepLayer::rank_residual);
        case Kind::sink_formed:
            return longest_row(series.heads, &StepHead::sink);
        case Kind::duplicate_checkpoint:
        case Kind::induction_phase_change:
            return steps - std::min<std::size_t>(steps, 1);
        case Kind::vanishing_gradient:
        case Kind::exploding_gradient:
            return series.gradients.size();
    }
    return 0;
}

bool compares_steps(Kind kind) {
    return kind == Kind::entropy_drop || kind == Kind::stalled_layer ||
           kind == Kind::duplicate_checkpoint || kind == Kind::induction_phase_change;
}

std::size_t layers_in(const TrainingSeries& series) {
    return static_cast<std::size_t>(
        std::count_if(series.layers.begin(), series.layers.end(),
                      [](const LayerSeries& layer) { return !layer.sequence; }));
}

}  // namespace

std::string why_not_measured(const TrainingSeries& series, const std::string& measure,
                             bool complete) {
    const bool may_follow =
        compares_steps(measure) || measure == "score_range" || measure == "depth_gain";
    if (!complete && may_follow) return "";
    if (!has_finite_head(series) || some_step_has(series, measure)) return "";
    return what_gives(series, measure);
}

std::string measure_of(AlarmRule::Kind kind) {
    switch (kind) {
        case Kind::entropy_collapse:
        case Kind::entropy_drop:
        case Kind::collapsed_head:
        case Kind::uniform_head:
            return "entropy_normalised";
        case Kind::saturated_layer:
        case Kind::saturated_head:
            return "saturation";
        case Kind::logit_growth:
        case Kind::logit_explosion:
            return "max_abs_score";
        case Kind::constant_scores:
            return "score_std";
        case Kind::stalled_layer:
            return "change";
        case Kind::rank_collapse:
            return "rank_residual";
        case Kind::sink_formed:
            return "sink";
        case Kind::induction_phase_change:
            return "induction_max";
        case Kind::vanishing_gradient:
        case Kind::exploding_gradient:
            return "depth_gain";
        case Kind::nonfinite:
        case Kind::duplicate_checkpoint:
            break;
    }
    return "";
}

std::string why_never_raised(const TrainingSeries& series, const AlarmRule& rule, bool complete) {
    const std::string measure = measure_of(rule.kind);
    if (!measure.empty()) {
        const std::string why = why_not_measured(series, measure, complete);
        if (!why.empty()) return "looks at " + measure + ", which " + why;
    }
    if (!complete) return "";
    if (rule.kind == Kind::stalled_layer && layers_in(series) < 2)
        return "compares a layer with others, and there is one layer";
    const std::size_t judged = judged_steps(series, rule.kind);
    if (judged >= rule.patience || has_nonfinite(series)) return "";
    if (compares_steps(rule.kind) && rule.patience == 1)
        return "compares a step with the one before it, and there is one step";
    return "must hold for " + std::to_string(rule.patience) + " steps in a row" +
           (compares_steps(rule.kind) ? ", each compared with the one before it" : "") +
           ", and there " + (judged == 1 ? "is " : "are ") + std::to_string(judged) + "; --alarm " +
           rule.name + "=THRESHOLD:1 asks for one";
}

}  // namespace attn::analysis
