#include "pipeline/diagnose.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "model/layer_weights.hpp"
#include "pipeline/observed_axes.hpp"
#include "pipeline/run_inputs.hpp"

namespace attn::pipeline {
namespace {

using analysis::Observation;
using analysis::Observed;

model::LayerWeights<double> load_layer(const DiagnoseRequest& request,
                                       const RunInputs<double>& loaded, std::size_t layer,
                                       io::Inputs& inputs) {
    return model::load_layer<double>(inputs, *loaded.bundle, layer, loaded.sizes[layer],
                                     non_finite_policy(request.run), layer < request.layer);
}

// What the layer reads: its hidden state, or what the blocks before it give.
Array<double> input_of_layer(const DiagnoseRequest& request, const RunInputs<double>& loaded,
                             io::Inputs& inputs) {
    if (loaded.hidden_states) return loaded.x[request.layer];
    Array<double> x = loaded.x.front();
    for (std::size_t before = 0; before < request.layer; ++before) {
        const auto weights = load_layer(request, loaded, before, inputs);
        const Array<double> input = attention_input(weights.block, x);
        const Array<double>& context = loaded.context.empty() ? input : loaded.context;
        const auto result = compute_layer<double>(before, input, context, weights.attention,
                                                  loaded.options_of(before), {});
        x = block_output(weights.block, x, result.output, {before, request.run.allow_nonfinite});
    }
    return x;
}

// A single sequence may come without the axis of the batch, a single head without that of the
// heads.
template <class T>
std::optional<Array<T>> as_shape(const Array<T>& values, const Shape& wanted) {
    Shape shape = values.shape();
    while (shape.size() < wanted.size()) shape.insert(shape.begin(), 1);
    if (shape != wanted) return std::nullopt;
    return values.reshaped(shape);
}

// [batch, heads, queries, d] as [batch, queries, heads * d].
template <class T>
Array<T> join_heads(const Array<T>& values) {
    const HeadsView<T> view = separate_heads(values);
    std::vector<T> joined;
    joined.reserve(values.size());
    for (std::size_t sequence = 0; sequence < view.batch; ++sequence) {
        for (std::size_t token = 0; token < view.tokens; ++token) {
            for (std::size_t head = 0; head < view.heads; ++head) {
                const auto row = view.head(sequence, head).row(token);
                joined.insert(joined.end(), row.begin(), row.end());
            }
        }
    }
    return {{view.batch, view.tokens, view.heads * view.width}, std::move(joined)};
}

// The output as it is, or, where no W_O mixes the heads, each by itself as
// scaled_dot_product_attention returns them.
template <class T>
std::optional<Array<T>> as_output(const Array<T>& values, const RunInputs<double>& loaded,
                                  std::size_t d_output) {
    if (auto output = as_shape(values, {loaded.batch, loaded.queries, d_output})) return output;
    if (loaded.has_weights()) return std::nullopt;
    const auto heads =
        as_shape(values, {loaded.batch, loaded.heads, loaded.queries, d_output / loaded.heads});
    if (!heads) return std::nullopt;
    return join_heads(*heads);
}

// Scores have values below zero; so have weights with noise, but those add up to one.
template <class T>
bool are_scores(const Array<T>& values) {
    double least = 0, sum = 0;
    for (const T value : values.values()) {
        if (value < static_cast<T>(least)) least = static_cast<double>(value);
        sum += std::isfinite(value) ? static_cast<double>(value) : 0;
    }
    if (!(least < -1e-3)) return false;
    if (least < -0.5) return true;
    const double mean = sum * static_cast<double>(values.shape().back()) /
                        static_cast<double>(values.size());  // of the rows' sums
    return !(std::abs(mean - 1) < 0.1);
}

template <class T>
Observation observe_as(const DiagnoseRequest& request, const RunInputs<double>& loaded,
                       io::Inputs& inputs, const Warn& warn) {
    const Shape cells{loaded.batch, loaded.heads, loaded.queries, loaded.keys};
    const std::size_t d_output = loaded.layers[request.layer].d_output;
    const bool wants_output = request.kind == Observed::output;
    if (wants_output && !request.axes.empty())
        fail("--axes ", request.axes,
             ": names the axes of weights and scores; an output has none of them");
    Array<T> values = wants_output ? inputs.load<T>(request.observed, io::NonFinite::allow)
                                   : load_observed<T>(inputs, {request.observed, request.axes},
                                                      request.layer, cells, warn);
    // All layers in one array, as Hugging Face's attentions are stacked.
    if (values.rank() == 5 && values.extent(0) == loaded.layers.size())
        values = values.slice(request.layer);
    if (const auto matrices = as_shape(values, cells); matrices && !wants_output) {
        const Observed kind = are_scores(values) ? Observed::scores : Observed::weights;
        return {request.kind.value_or(kind), *matrices};
    }
    const auto outputs = as_output(values, loaded, d_output);
    if (outputs && (!request.kind || wants_output)) return {Observed::output, *outputs};
    const bool averaged = as_shape(values, {loaded.batch, loaded.queries, loaded.keys}).has_value();
    fail(request.observed, " ", to_string(values.shape()), ": expected weights or scores ",
         to_string(cells), " or the output ", to_string({loaded.batch, loaded.queries, d_output}),
         " of layer ", request.layer,
         averaged ? "; heads that were averaged cannot be told apart: nn.MultiheadAttention keeps "
                    "them with average_attn_weights=False"
                  : "",
         " (--observed)");
}

// In single precision unless the file has more.
Observation observe(const DiagnoseRequest& request, const RunInputs<double>& loaded,
                    io::Inputs& inputs, const Warn& warn) {
    const bool single = is_single_precision(inputs, request.observed);
    return single ? observe_as<float>(request, loaded, inputs, warn)
                  : observe_as<double>(request, loaded, inputs, warn);
}

}  // namespace

DiagnoseResult diagnose(const DiagnoseRequest& request, const Progress& progress,
                        const Warn& warn) {
    if (request.observed.empty())
        fail("diagnose needs --observed: the weights, scores or output that the other code gave");
    io::Inputs inputs;
    RunRequest run = request.run;
    run.layers = std::vector<std::size_t>{request.layer};  // blocks behind it need not be whole
    const auto loaded = load_run_inputs<double>(run, inputs, warn);
    if (request.layer >= loaded.layers.size()) {
        fail("--layer ", request.layer, ": the weights have ", loaded.layers.size(), " layers");
    }
    const Observation observation = observe(request, loaded, inputs, warn);
    analysis::DenseInputs dense;
    const AttentionOptions<double> options = loaded.options_of(request.layer);
    dense.options = &options;
    Array<double> hidden, x;
    model::LayerWeights<double> weights;
    if (loaded.has_weights()) {
        weights = load_layer(request, loaded, request.layer, inputs);
        hidden = input_of_layer(request, loaded, inputs);
        x = attention_input(weights.block, hidden);
        dense.x = &x;
        if (weights.block.before_attention.kind != NormKind::none) {
            dense.x_before_norm = &hidden;
            dense.input_norm = &weights.block.before_attention;
        }
        if (!loaded.context.empty()) dense.context = &loaded.context;
        dense.weights = &weights.attention;
    } else {
        dense.q = &loaded.q;
        dense.k = &loaded.k;
        dense.v = &loaded.v;
    }
    // The engine refuses what overflows, with its place.
    if (loaded.has_weights()) {
        const Array<double>& context = loaded.context.empty() ? x : loaded.context;
        compute_layer<double>(request.layer, x, context, weights.attention, options, {});
    } else {
        compute_heads<double>(request.layer, loaded.q, loaded.k, loaded.v, options, {});
    }
    return {observation.kind, analysis::diagnose(dense, observation, {request.seconds, progress})};
}

}  // namespace attn::pipeline
