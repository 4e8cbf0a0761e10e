#include "pipeline/diagnose.hpp"

#include <algorithm>

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
std::optional<Array<double>> as_shape(const Array<double>& values, const Shape& wanted) {
    Shape shape = values.shape();
    while (shape.size() < wanted.size()) shape.insert(shape.begin(), 1);
    if (shape != wanted) return std::nullopt;
    return values.reshaped(shape);
}

// [batch, heads, queries, d] as [batch, queries, heads * d].
Array<double> join_heads(const Array<double>& values) {
    const HeadsView<double> view = separate_heads(values);
    std::vector<double> joined;
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
std::optional<Array<double>> as_output(const Array<double>& values, const RunInputs<double>& loaded,
                                       std::size_t d_output) {
    if (auto output = as_shape(values, {loaded.batch, loaded.queries, d_output})) return output;
    if (loaded.has_weights()) return std::nullopt;
    const auto heads =
        as_shape(values, {loaded.batch, loaded.heads, loaded.queries, d_output / loaded.heads});
    if (!heads) return std::nullopt;
    return join_heads(*heads);
}

Observation observe(const DiagnoseRequest& request, const RunInputs<double>& loaded,
                    io::Inputs& inputs, const Warn& warn) {
    const Shape cells{loaded.batch, loaded.heads, loaded.queries, loaded.keys};
    const std::size_t d_output = loaded.layers[request.layer].d_output;
    const bool wants_output = request.kind == Observed::output;
    if (wants_output && !request.axes.empty())
        fail("--axes ", request.axes,
             ": names the axes of weights and scores; an output has none of them");
    Array<double> values =
        wants_output
            ? inputs.load<double>(request.observed, io::NonFinite::allow)
            : load_observed(inputs, {request.observed, request.axes}, request.layer, cells, warn);
    // All layers in one array, as Hugging Face's attentions are stacked.
    if (values.rank() == 5 && values.extent(0) == loaded.layers.size())
        values = values.slice(request.layer);
    if (const auto matrices = as_shape(values, cells); matrices && !wants_output) {
        const auto below = [](double value) { return value < -1e-3; };
        const bool scores = std::any_of(values.values().begin(), values.values().end(), below);
        return {request.kind.value_or(scores ? Observed::scores : Observed::weights), *matrices};
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
        if (weights.block.before_attention.kind != NormKind::none) dense.x_before_norm = &hidden;
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
    return {observation.kind, analysis::diagnose(dense, observation, progress)};
}

}  // namespace attn::pipeline
