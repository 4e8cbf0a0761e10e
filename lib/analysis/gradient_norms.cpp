#include "analysis/gradient_norms.hpp"

#include <algorithm>
#include <cmath>

namespace attn::analysis {

template <class T>
double sum_of_squares(const Array<T>& array) {
    double sum = 0;
    for (const T value : array.values())
        sum += static_cast<double>(value) * static_cast<double>(value);
    return sum;
}

template <class T>
double norm_of(const Array<T>& array) {
    return std::sqrt(sum_of_squares(array));
}

template <class T>
double norm_of_difference(const Array<T>& a, const Array<T>& b) {
    assert(a.shape() == b.shape());
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double distance = static_cast<double>(a.data()[i]) - static_cast<double>(b.data()[i]);
        sum += distance * distance;
    }
    return std::sqrt(sum);
}

double LayerGradientStats::qk_to_v() const {
    double qk = 0, v = 0;
    for (const Named& named : projections) {
        if (named.name == "W_Q" || named.name == "W_K") qk += named.gradient * named.gradient;
        if (named.name == "W_V") v = named.gradient;
    }
    return v > 0 ? std::sqrt(qk) / v : kNone;
}

std::vector<std::pair<std::string, double>> named_numbers(const LayerGradientStats& layer) {
    std::vector<std::pair<std::string, double>> numbers{
        {"grad_out", layer.grad_out}, {"grad_in", layer.grad_in}, {"gain", layer.gain()}};
    if (!std::isnan(layer.branch_gain)) numbers.emplace_back("branch_gain", layer.branch_gain);
    if (layer.projections.empty()) return numbers;
    for (const auto& named : layer.projections)
        numbers.emplace_back("grad_" + named.name, named.gradient);
    for (const auto& named : layer.projections) {
        if (!std::isnan(named.weight))
            numbers.emplace_back("relative_" + named.name, named.gradient / named.weight);
    }
    numbers.emplace_back("qk_to_v", layer.qk_to_v());
    return numbers;
}

template <class T>
void measure_projections(const ProjectionGradients<T>& gradients,
                         const ProjectionWeights<T>& weights, LayerGradientStats& stats) {
    const auto add = [&](const char* name, const Array<T>& gradient, const Array<T>* matrix) {
        if (gradient.empty()) return;
        stats.projections.push_back(
            {name, norm_of(gradient), matrix ? norm_of(*matrix) : LayerGradientStats::kNone});
    };
    add("W_Q", gradients.W_Q, &weights.W_Q);
    add("W_K", gradients.W_K, &weights.W_K);
    add("W_V", gradients.W_V, &weights.W_V);
    add("W_O", gradients.W_O, &weights.W_O);
    add("b_Q", gradients.b_Q, nullptr);
    add("b_K", gradients.b_K, nullptr);
    add("b_V", gradients.b_V, nullptr);
    add("b_O", gradients.b_O, nullptr);
}

namespace {

// Layers without projections hand nothing down: there grad_in does not exist, and says nothing.
bool has_nonfinite(const LayerGradientStats& layer) {
    if (!std::isfinite(layer.grad_out) || layer.nonfinite_heads) return true;
    if (layer.projections.empty()) return std::isinf(layer.grad_in);
    return !std::isfinite(layer.grad_in) ||
           std::any_of(layer.projections.begin(), layer.projections.end(),
                       [](const auto& named) { return !std::isfinite(named.gradient); });
}

}  // namespace

ModelGradientStats summarise_layers(const std::vector<LayerGradientStats>& layers,
                                    const std::optional<double>& clip, bool stacked) {
    ModelGradientStats model;
    double squares = 0;
    bool any = false;
    for (const LayerGradientStats& layer : layers) {
        for (const LayerGradientStats::Named& named : layer.projections)
            squares += named.gradient * named.gradient, any = true;
    }
    if (any) model.global_norm = std::sqrt(squares);
    // Not std::min(1.0, …), which makes 1 of NaN.
    if (clip && any) {
        model.clip_coefficient = *clip / (model.global_norm + 1e-6);
        if (model.clip_coefficient > 1) model.clip_coefficient = 1;
    }
    if (std::any_of(layers.begin(), layers.end(), has_nonfinite)) {
        model.verdict = "nonfinite";
        return model;
    }
    if (!stacked || layers.empty()) return model;
    if (layers.back().grad_out == 0) model.verdict = "vanishing";
    if (!(layers.back().grad_out > 0)) return model;
    model.depth_gain = layers.front().grad_in / layers.back().grad_out;
    model.rate = std::pow(model.depth_gain, 1 / static_cast<double>(layers.size()));
    if (model.depth_gain < 1e-3) model.verdict = "vanishing";
    if (model.depth_gain > 1e3) model.verdict = "exploding";
    return model;
}

template double sum_of_squares(const Array<float>&);
template double sum_of_squares(const Array<double>&);
template double norm_of(const Array<float>&);
template double norm_of(const Array<double>&);
template double norm_of_difference(const Array<float>&, const Array<float>&);
template double norm_of_difference(const Array<double>&, const Array<double>&);
template void measure_projections(const ProjectionGradients<float>&,
                                  const ProjectionWeights<float>&, LayerGradientStats&);
template void measure_projections(const ProjectionGradients<double>&,
                                  const ProjectionWeights<double>&, LayerGradientStats&);

}  // namespace attn::analysis
