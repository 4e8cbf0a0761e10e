#include "analysis/training_series.hpp"

#include <algorithm>
#include <cmath>

namespace attn::analysis {

const std::vector<StepMeasure<StepHead>>& head_measures() {
    static const std::vector<StepMeasure<StepHead>> all{
        {"entropy", &StepHead::entropy, true},
        {"entropy_normalised", &StepHead::entropy_normalised, true},
        {"confidence", &StepHead::confidence, true},
        {"effective_keys", &StepHead::effective_keys, true},
        {"saturation", &StepHead::saturation, true},
        {"sink", &StepHead::sink, true},
        {"induction", &StepHead::induction},
        {"previous_token", &StepHead::previous_token},
        {"duplicate_token", &StepHead::duplicate_token},
        {"max_score", &StepHead::max_score},
        {"max_abs_score", &StepHead::max_abs_score},
        {"score_std", &StepHead::score_std},
        {"score_range", &StepHead::score_range},
        {"qk_spectral", &StepHead::qk_spectral},
    };
    return all;
}

const std::vector<StepMeasure<StepLayer>>& layer_measures() {
    static const std::vector<StepMeasure<StepLayer>> all{
        {"entropy_normalised", &StepLayer::entropy_normalised, true},
        {"saturation", &StepLayer::saturation, true},
        {"effective_keys", &StepLayer::effective_keys, true},
        {"change", &StepLayer::change, true},
        {"rank_residual", &StepLayer::rank_residual},
        {"token_cosine", &StepLayer::token_cosine},
        {"stable_rank", &StepLayer::stable_rank},
    };
    return all;
}

const std::vector<StepMeasure<StepModel>>& model_measures() {
    static const std::vector<StepMeasure<StepModel>> all{
        {"difference", &StepModel::difference, true},
        {"sink_rate", &StepModel::sink_rate, true},
        {"induction_max", &StepModel::induction_max},
        {"max_abs_score", &StepModel::max_abs_score},
    };
    return all;
}

bool exists(const std::vector<StepModel>& steps, double StepModel::*value) {
    return std::any_of(steps.begin(), steps.end(),
                       [&](const StepModel& step) { return !std::isnan(step.*value); });
}

std::optional<double> forecast_logits(const TrainingSeries& series) {
    constexpr std::size_t kMost = 5, kLeast = 4;
    constexpr double kExplosion = 1e4;
    std::vector<double> x, y;
    for (std::size_t i = series.steps.size(); i-- > 0 && x.size() < kMost;) {
        const double score = series.model[i].max_abs_score;
        if (series.steps[i] <= 0 || !(score > 0)) continue;
        x.push_back(std::log(static_cast<double>(series.steps[i])));
        y.push_back(std::log(score));
    }
    if (x.size() < kLeast) return std::nullopt;
    const auto mean = [](const std::vector<double>& values) {
        double sum = 0;
        for (const double value : values) sum += value;
        return sum / static_cast<double>(values.size());
    };
    const double mean_x = mean(x), mean_y = mean(y);
    double together = 0, squares = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        together += (x[i] - mean_x) * (y[i] - mean_y);
        squares += (x[i] - mean_x) * (x[i] - mean_x);
    }
    const double slope = together / squares;
    if (!(slope > 0)) return std::nullopt;
    const double step = std::exp(mean_x + (std::log(kExplosion) - mean_y) / slope);
    if (!std::isfinite(step)) return std::nullopt;
    return step;
}

}  // namespace attn::analysis
