#include "pipeline/gradient_steps.hpp"

#include <cmath>

#include "pipeline/grad.hpp"
#include "pipeline/monitor_steps.hpp"

namespace attn::pipeline {
namespace {

using analysis::HeadGradientStats;
using analysis::LayerGradientStats;

results::GradientReport report_of(const MonitorRequest& request, const source::TrainingStep& step,
                                  const Progress& progress) {
    GradRequest asked;
    asked.input = request.input;
    asked.input.weights = step.source;
    asked.input.allow_nonfinite = true;
    asked.upstream = *request.upstream;
    asked.layers = request.from.layers;
    asked.heads = request.from.heads;
    asked.spectral = true;
    asked.ranks = request.ranks;
    // What there is to warn of was said of the attention already.
    return grad(asked, progress, nullptr).report;
}

// Over the sequences, or of one alone; of the values that exist.
HeadGradientStats mean_of_sequences(const std::vector<HeadGradientStats>& all,
                                    const analysis::HeadSeries& head) {
    HeadGradientStats mean;
    mean.layer = head.layer;
    mean.head = head.head;
    for (const analysis::GradientMeasure& measure : analysis::gradient_measures()) {
        double sum = 0, count = 0;
        for (const HeadGradientStats& one : all) {
            const bool meant = one.layer == head.layer && one.head == head.head &&
                               (!head.sequence || one.sequence == *head.sequence);
            const double value = one.*measure.value;
            if (meant && !std::isnan(value)) sum += value, count += 1;
        }
        if (count > 0) mean.*measure.value = sum / count;
    }
    return mean;
}

LayerGradientStats layer_of(const std::vector<LayerGradientStats>& all, std::size_t layer) {
    for (const LayerGradientStats& one : all)
        if (one.layer == layer) return one;
    return {};
}

}  // namespace

void add_step_gradients(const MonitorRequest& request,
                        const std::vector<source::TrainingStep>& steps,
                        analysis::TrainingSeries& series, const Progress& progress) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const results::GradientReport report =
            report_of(request, steps[i], progress_of_step(progress, i, steps.size()));
        for (analysis::HeadSeries& head : series.heads)
            head.gradients.push_back(mean_of_sequences(report.heads, head));
        for (analysis::LayerSeries& layer : series.layers)
            if (!layer.sequence) layer.gradients.push_back(layer_of(report.layers, layer.layer));
        series.gradients.push_back(report.model);
    }
}

}  // namespace attn::pipeline
