#include "pipeline/run_inputs.hpp"

#include "core/error.hpp"
#include "core/index_list.hpp"
#include "io/tokens.hpp"

namespace attn::pipeline {
namespace {

// The array that the first layer reads, or all of them.
io::StoredArray find_x(const RunRequest& request, io::Inputs& inputs) {
    if (!request.hidden_states.empty()) {
        if (!request.embeddings.empty())
            fail("--hidden-states and --embeddings exclude each other");
        return inputs.find(request.hidden_states);
    }
    if (!request.embeddings.empty()) return inputs.find(request.embeddings);
    const io::Container& file = inputs.open(request.weights);
    const auto found = file.arrays.find("embeddings");
    if (found == file.arrays.end()) {
        fail(request.weights, ": holds no \"embeddings\"; give them with --embeddings");
    }
    return found->second;
}

// The shape [batch, tokens, d_model] of what one layer reads.
Shape embedding_shape(const io::StoredArray& x, bool hidden_states, std::size_t layers) {
    Shape shape = x.shape;
    if (hidden_states) {
        if (shape.size() != 3 && shape.size() != 4) {
            fail(x.name, " ", to_string(x.shape),
                 ": expected hidden states [layers, tokens, d_model] or [layers, batch, tokens, "
                 "d_model]");
        }
        if (shape[0] != layers) {
            fail(x.name, " ", to_string(x.shape), ": has ", shape[0],
                 " hidden states, the weights have ", layers, " layers");
        }
        shape.erase(shape.begin());
    } else if (shape.size() != 2 && shape.size() != 3) {
        fail(x.name, " ", to_string(x.shape),
             ": expected embeddings [tokens, d_model] or [batch, tokens, d_model]");
    }
    if (shape.size() == 2) shape.insert(shape.begin(), 1);
    return shape;
}

std::vector<std::vector<std::string>> load_labels(const RunRequest& request, io::Inputs& inputs,
                                                  const io::StoredArray& x, const Shape& shape) {
    std::string file = request.tokens;
    std::vector<std::vector<std::string>> labels;
    if (!file.empty()) {
        labels = io::load_tokens(file);
    } else {
        const io::Container& weights = inputs.open(request.weights);
        const auto found = weights.texts.find("tokens");
        if (found == weights.texts.end()) return {};
        file = request.weights + ":tokens";
        labels = found->second;
    }
    if (labels.size() != 1 && labels.size() != shape[0]) {
        fail(file, ": has tokens for ", labels.size(), " sequences, ", x.name, " has ", shape[0]);
    }
    for (const auto& list : labels) {
        if (list.size() != shape[1]) {
            fail(file, ": has ", list.size(), " tokens, ", x.name, " has ", shape[1]);
        }
    }
    return labels;
}

// In an attention-only stack the next layer reads x + output, so that the output must be as wide as
// x.
void require_stackable(const model::WeightBundle& bundle, std::size_t d_model, std::size_t heads) {
    for (std::size_t layer = 0; layer + 1 < bundle.layers.size(); ++layer) {
        const auto& arrays = bundle.layers[layer];
        if (arrays.count("W_O") != 0) continue;
        const io::StoredArray& W_V = arrays.at("W_V");
        const std::size_t width = W_V.shape.size() == 3 ? heads * W_V.shape[2] : W_V.shape[1];
        if (width == d_model) continue;
        fail(bundle.path, ": layer ", layer, " has no W_O and its heads give ", width,
             " columns, the next layer reads ", d_model, "; give --hidden-states");
    }
}

}  // namespace

template <class T>
RunInputs<T> load_run_inputs(const RunRequest& request, io::Inputs& inputs) {
    const model::WeightBundle bundle = model::read_weight_bundle(inputs.open(request.weights));
    const io::StoredArray x = find_x(request, inputs);
    const bool hidden_states = !request.hidden_states.empty();
    const Shape shape = embedding_shape(x, hidden_states, bundle.layers.size());

    RunInputs<T> result;
    result.batch_axis = x.shape.size() == (hidden_states ? 4 : 3);
    for (std::size_t layer = 0; layer < bundle.layers.size(); ++layer) {
        result.heads = model::check_layer(bundle, layer, shape[2], request.heads);
    }
    if (!hidden_states) require_stackable(bundle, shape[2], result.heads);
    result.tokens = load_labels(request, inputs, x, shape);
    result.options.causal = request.causal.value_or(bundle.causal.value_or(false));
    result.options.scale = request.scale ? request.scale : bundle.scale;

    const auto non_finite = request.allow_nonfinite ? io::NonFinite::allow : io::NonFinite::refuse;
    const Array<T> values = inputs.load<T>(x, non_finite);
    if (hidden_states) {
        for (std::size_t layer = 0; layer < bundle.layers.size(); ++layer) {
            result.x.push_back(values.slice(layer).reshaped(shape));
        }
    } else {
        result.x.push_back(values.reshaped(shape));
    }
    for (std::size_t layer = 0; layer < bundle.layers.size(); ++layer) {
        result.layers.push_back(
            model::load_layer<T>(inputs, bundle, layer, result.heads, non_finite));
    }
    return result;
}

template RunInputs<float> load_run_inputs(const RunRequest&, io::Inputs&);
template RunInputs<double> load_run_inputs(const RunRequest&, io::Inputs&);

}  // namespace attn::pipeline
