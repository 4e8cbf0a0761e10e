// What is known of attention at each step of a training: measures of heads, of layers and of the
// model, by the names that JSON, CSV and pictures use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "analysis/gradient_norms.hpp"
#include "analysis/head_gradients.hpp"

namespace attn::analysis {

// The measures of one head at one step. NaN: does not exist (no tokens, no scores, a head that is
// not finite).
struct StepHead {
    static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

    // As in HeadStats.
    double entropy = kNone, entropy_normalised = kNone, confidence = kNone, effective_keys = kNone;
    double saturation = kNone, sink = kNone;
    double induction = kNone, previous_token = kNone, duplicate_token = kNone;
    // These are of scaled scores over the cells that may be attended, before bias and mask.
    double max_score = kNone, max_abs_score = kNone, score_std = kNone;
    double score_range = kNone;  // max over rows of ln p_max - ln p_min, where there are no scores
    double qk_spectral = kNone;  // scale * ‖W_Q W_Kᵀ‖₂ (Zhai et al. 2023)
    bool nonfinite = false;      // a NaN or an infinity was found
    bool no_weights = false;     // of some sequence all weights are 0
};

struct StepLayer {
    static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

    double entropy_normalised = kNone, saturation = kNone, effective_keys = kNone;  // heads' means
    double change = kNone;         // mean JS(weights before, weights) / ln 2, same input
    double rank_residual = kNone;  // of the layer's result (Dong et al. 2021)
    double token_cosine = kNone;   // likewise (Noci et al. 2022)
    double stable_rank = kNone;    // likewise
    bool nonfinite = false;        // its result holds a NaN or an infinity
};

struct StepModel {
    static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

    double difference = kNone;     // largest abs(weights - weights before)
    double sink_rate = kNone;      // share of heads whose sink is above 0.3 (Gu et al. 2024)
    double induction_max = kNone;  // largest of any head (Olsson et al. 2022)
    double max_abs_score = kNone;  // likewise
};

template <class Values>
struct StepMeasure {
    const char* name;
    double Values::*value;
    bool always = false;  // else only where something is given: tokens, scores, checkpoints
};

// All of them, in the order of columns.
const std::vector<StepMeasure<StepHead>>& head_measures();
const std::vector<StepMeasure<StepLayer>>& layer_measures();
const std::vector<StepMeasure<StepModel>>& model_measures();

// One head or layer over all steps. `sequence`: of one sequence alone; else of the mean of all.
struct HeadSeries {
    std::size_t layer = 0;
    std::size_t head = 0;
    std::optional<std::size_t> sequence{};
    std::vector<StepHead> steps{};
    std::vector<HeadGradientStats> gradients{};  // of each step, or none
};
struct LayerSeries {
    std::size_t layer = 0;
    std::optional<std::size_t> sequence{};
    std::vector<StepLayer> steps{};
    std::vector<LayerGradientStats> gradients{};  // of each step and all sequences, or none
};

struct TrainingSeries {
    std::vector<std::int64_t> steps;  // ascending
    std::vector<HeadSeries> heads;    // by layer and head; those of single sequences behind them
    std::vector<LayerSeries> layers;
    std::vector<StepModel> model;               // of each step
    std::vector<ModelGradientStats> gradients;  // of each step, or none
    // For each step an earlier one that holds the same bytes.
    std::vector<std::optional<std::size_t>> repeats;
};

// Whether the measure exists at any step of any of the series.
template <class Series, class Values>
bool exists(const std::vector<Series>& all, double Values::*value) {
    for (const Series& series : all)
        for (const Values& step : series.steps)
            if (step.*value == step.*value) return true;
    return false;
}
bool exists(const std::vector<StepModel>& steps, double StepModel::*value);

// The step at which the largest score reaches 1e4, by a line through ln(max_abs_score) over
// ln(step) of the last five steps above 0; it may lie in the past. None with fewer than four, and
// where the line does not rise.
std::optional<double> forecast_logits(const TrainingSeries& series);

}  // namespace attn::analysis
