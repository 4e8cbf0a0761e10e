#include "pipeline/diagnose.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "model/layer_weights.hpp"
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
        x = block_output(weights.block, x, result.output);
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

Observation observe(const DiagnoseRequest& request, const RunInputs<double>& loaded,
                    io::Inputs& inputs) {
    Array<double> values = inputs.load<double>(request.observed, io::NonFinite::allow);
    // All layers in one array, as Hugging Face's attentions are stacked.
    if (values.rank() == 5 && values.extent(0) == loaded.layers.size())
        values = values.slice(request.layer);
    const Shape cells{loaded.batch, loaded.heads, loaded.queries, loaded.keys};
    const Shape output{loaded.batch, loaded.queries, loaded.layers[request.layer].d_output};
    const bool wants_output = request.kind == Observed::output;
    if (const auto matrices = as_shape(values, cells); matrices && !wants_output) {
        const auto below = [](double value) { return value < -1e-3; };
        const bool scores = std::any_of(values.values().begin(), values.values().end(), below);
        return {request.kind.value_or(scores ? Observed::scores : Observed::weights), *matrices};
    }
    const auto outputs = as_shape(values, output);
    if (outputs && (!request.kind || wants_output)) return {Observed::output, *outputs};
    fail(request.observed, " ", to_string(values.shape()), ": expected weights or scores ",
         to_string(cells), " or the output ", to_string(output), " of layer ", request.layer,
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
    const Observation observation = observe(request, loaded, inputs);
    analysis::DenseInputs dense;
    const AttentionOptions<double> options = loaded.options_of(request.layer);
    dense.options = &options;
    Array<double> x;
    model::LayerWeights<double> weights;
    if (loaded.has_weights()) {
        weights = load_layer(request, loaded, request.layer, inputs);
        x = attention_input(weights.block, input_of_layer(request, loaded, inputs));
        dense.x = &x;
        if (!loaded.context.empty()) dense.context = &loaded.context;
        dense.weights = &weights.attention;
    } else {
        dense.q = &loaded.q;
        dense.k = &loaded.k;
        dense.v = &loaded.v;
    }
    return {observation.kind, analysis::diagnose(dense, observation, progress)};
}

}  // namespace attn::pipeline
