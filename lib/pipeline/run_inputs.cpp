#include "pipeline/run_inputs.hpp"

#include "core/error.hpp"
#include "io/tokens.hpp"

namespace attn::pipeline {
namespace {

io::NonFinite policy(const RunRequest& request) {
    return request.allow_nonfinite ? io::NonFinite::allow : io::NonFinite::refuse;
}

void require_one_kind_of_input(const RunRequest& request) {
    const bool heads = !request.query.empty() || !request.key.empty() || !request.value.empty();
    if (!heads) {
        if (request.weights.empty()) fail("run needs --weights, or --query, --key and --value");
        if (!request.hidden_states.empty() && !request.embeddings.empty()) {
            fail("--hidden-states and --embeddings exclude each other");
        }
        return;
    }
    for (const auto& [value, flag] :
         {std::pair(&request.query, "--query"), std::pair(&request.key, "--key"),
          std::pair(&request.value, "--value")}) {
        if (value->empty())
            fail("--query, --key and --value belong together; ", flag, " is missing");
    }
    for (const auto& [value, flag] :
         {std::pair(&request.weights, "--weights"), std::pair(&request.embeddings, "--embeddings"),
          std::pair(&request.hidden_states, "--hidden-states"),
          std::pair(&request.context, "--context")}) {
        if (!value->empty())
            fail("--query, --key and --value are already projected; they exclude ", flag);
    }
}

// The array that the first layer reads, or all of them.
io::StoredArray find_x(const RunRequest& request, io::Inputs& inputs) {
    if (!request.hidden_states.empty()) return inputs.find(request.hidden_states);
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

// In an attention-only stack the next layer reads x + output, so that the output must be as wide as
// x.
void require_stackable(const std::string& path, const std::vector<LayerShapes>& layers,
                       std::size_t d_model) {
    for (std::size_t layer = 0; layer + 1 < layers.size(); ++layer) {
        if (layers[layer].d_output == d_model) continue;
        fail(path, ": layer ", layer, " has no W_O and its heads give ", layers[layer].d_output,
             " columns, the next layer reads ", d_model, "; give --hidden-states");
    }
}

template <class T>
void check_layers(const model::WeightBundle& bundle, const model::LayerRequest& request,
                  std::vector<model::LayerSizes>& sizes, RunInputs<T>& result) {
    for (std::size_t layer = 0; layer < bundle.layers.size(); ++layer) {
        sizes.push_back(model::check_layer(bundle, layer, request));
        const model::LayerSizes& found = sizes.back();
        if (found.heads != sizes[0].heads || found.kv_heads != sizes[0].kv_heads ||
            found.d_head != sizes[0].d_head) {
            fail(bundle.path, ": layer ", layer, " has ", found.heads, " heads of ", found.d_head,
                 " columns, layer 0 has ", sizes[0].heads, " of ", sizes[0].d_head);
        }
        result.layers.push_back({found.d_head, found.d_value, found.d_output});
    }
    result.heads = sizes[0].heads;
    result.kv_heads = sizes[0].kv_heads;
}

template <class T>
void load_embeddings(const RunRequest& request, const io::StoredArray& x, const Shape& shape,
                     io::Inputs& inputs, RunInputs<T>& result) {
    const Array<T> values = inputs.load<T>(x, policy(request));
    if (request.hidden_states.empty()) {
        result.x.push_back(values.reshaped(shape));
        return;
    }
    for (std::size_t layer = 0; layer < result.layers.size(); ++layer) {
        result.x.push_back(values.slice(layer).reshaped(shape));
    }
}

template <class T>
RunInputs<T> load_with_weights(const RunRequest& request, AttentionRequest& attention,
                               io::Inputs& inputs) {
    const model::WeightBundle bundle = model::read_weight_bundle(inputs.open(request.weights));
    const io::StoredArray x = find_x(request, inputs);
    const bool hidden_states = !request.hidden_states.empty();
    const Shape shape = embedding_shape(x, hidden_states, bundle.layers.size());

    RunInputs<T> result;
    result.batch_axis = x.shape.size() == (hidden_states ? 4 : 3);
    result.batch = shape[0];
    result.queries = result.keys = shape[1];
    std::size_t d_context = shape[2];
    if (!request.context.empty()) {
        const io::StoredArray context = inputs.find(request.context);
        const Shape context_shape = embedding_shape(context, false, 0);
        if (context_shape[0] != shape[0]) {
            fail(context.name, " ", to_string(context.shape), ": has ", context_shape[0],
                 " sequences, ", x.name, " has ", shape[0], " (--context)");
        }
        result.keys = context_shape[1];
        d_context = context_shape[2];
        result.context = inputs.load<T>(context, policy(request)).reshaped(context_shape);
    }
    if (!attention.causal) attention.causal = bundle.causal;
    if (!attention.scale) attention.scale = bundle.scale;

    std::vector<model::LayerSizes> sizes;
    check_layers(bundle, {shape[2], d_context, attention.heads, attention.kv_heads}, sizes, result);
    if (!hidden_states) require_stackable(bundle.path, result.layers, shape[2]);
    if (!attention.past_key.empty() && result.layers.size() > 1) {
        fail("--past-key: is the cache of one layer, ", bundle.path, " has ", result.layers.size());
    }
    load_embeddings(request, x, shape, inputs, result);
    for (std::size_t layer = 0; layer < bundle.layers.size(); ++layer) {
        result.weights.push_back(
            model::load_layer<T>(inputs, bundle, layer, sizes[layer], policy(request)));
    }
    return result;
}

// [(batch,) heads, n, d], or packed [(batch,) n, heads * d] where `heads` says how many there are.
template <class T>
Heads<T> load_heads(const std::string& name, std::optional<std::size_t> heads,
                    const std::string& flag, const std::string& heads_flag,
                    const RunRequest& request, io::Inputs& inputs) {
    const Array<T> array = inputs.load<T>(name, policy(request));
    Shape shape = array.shape();
    if (!heads) {
        if (shape.size() == 2) shape.insert(shape.begin(), 1);
        if (shape.size() == 3) shape.insert(shape.begin(), 1);
        if (shape.size() != 4) {
            fail(name, " ", to_string(array.shape()),
                 ": expected [heads, n, d] or [batch, heads, n, d] (", flag, ")");
        }
        return make_separate_heads(array.reshaped(shape));
    }
    if (shape.size() == 2) shape.insert(shape.begin(), 1);
    if (shape.size() != 3) {
        fail(name, " ", to_string(array.shape()),
             ": has an axis of heads already; leave out --heads, or give ",
             "[batch, n, heads * d] (", flag, ")");
    }
    if (shape[2] % *heads != 0) {
        fail(name, " ", to_string(array.shape()), ": ", shape[2],
             " columns cannot be divided among ", *heads, " heads (", heads_flag, ")");
    }
    return make_packed_heads(array.reshaped(shape), *heads);
}

template <class T>
std::string shape_text(const Heads<T>& heads) {
    return to_string(
        Shape{heads.view.batch, heads.view.heads, heads.view.tokens, heads.view.width});
}

template <class T>
void check_heads(const RunInputs<T>& in) {
    const HeadsView<T>& q = in.q.view;
    const HeadsView<T>& k = in.k.view;
    const HeadsView<T>& v = in.v.view;
    const std::string both =
        "--query " + shape_text(in.q) + " and --key " + shape_text(in.k) + ": ";
    if (q.batch != k.batch) fail(both, "the batches differ");
    if (q.width != k.width) fail(both, "d_head differs");
    if (q.heads % k.heads != 0)
        fail(both, q.heads, " heads are not a multiple of ", k.heads, " key/value heads");
    if (k.batch != v.batch || k.heads != v.heads || k.tokens != v.tokens) {
        fail("--key ", shape_text(in.k), " and --value ", shape_text(in.v),
             ": batch, heads or tokens differ");
    }
}

template <class T>
RunInputs<T> load_projected(const RunRequest& request, const AttentionRequest& attention,
                            io::Inputs& inputs) {
    const std::optional<std::size_t> kv_heads =
        attention.kv_heads ? attention.kv_heads : attention.heads;
    if (attention.kv_heads && !attention.heads)
        fail("--kv-heads needs --heads and packed arrays [batch, n, heads * d]");
    RunInputs<T> result;
    result.q = load_heads<T>(request.query, attention.heads, "--query", "--heads", request, inputs);
    result.k = load_heads<T>(request.key, kv_heads, "--key", "--kv-heads", request, inputs);
    result.v = load_heads<T>(request.value, kv_heads, "--value", "--kv-heads", request, inputs);
    check_heads(result);
    const std::size_t rank = inputs.find(request.query).shape.size();
    result.batch_axis = rank == (attention.heads ? 3 : 4);
    result.batch = result.q.view.batch;
    result.heads = result.q.view.heads;
    result.kv_heads = result.k.view.heads;
    result.queries = result.q.view.tokens;
    result.keys = result.k.view.tokens;
    const std::size_t d_value = result.v.view.width;
    result.layers = {{result.q.view.width, d_value, result.heads * d_value}};
    return result;
}

void check_labels(const std::vector<std::vector<std::string>>& labels, std::size_t batch,
                  std::size_t count, const std::string& file, const std::string& what) {
    if (labels.size() != 1 && labels.size() != batch) {
        fail(file, ": has tokens for ", labels.size(), " sequences, the input has ", batch);
    }
    for (const auto& list : labels) {
        if (list.size() != count)
            fail(file, ": has ", list.size(), " tokens, there are ", count, " ", what);
    }
}

// Tokens label the queries, and the keys too where these are the same tokens.
template <class T>
void load_labels(const RunRequest& request, io::Inputs& inputs, bool same_tokens,
                 RunInputs<T>& result) {
    std::string file = request.tokens;
    if (!file.empty()) {
        result.tokens = io::load_tokens(file);
    } else if (result.has_weights()) {
        const io::Container& weights = inputs.open(request.weights);
        const auto found = weights.texts.find("tokens");
        if (found != weights.texts.end()) result.tokens = found->second;
        file = request.weights + ":tokens";
    }
    if (!result.tokens.empty())
        check_labels(result.tokens, result.batch, result.queries, file, "queries");
    if (!request.key_tokens.empty()) {
        result.key_tokens = io::load_tokens(request.key_tokens);
        check_labels(result.key_tokens, result.batch, result.keys, request.key_tokens, "keys");
    } else if (same_tokens) {
        result.key_tokens = result.tokens;
    }
}

}  // namespace

template <class T>
RunInputs<T> load_run_inputs(const RunRequest& request, io::Inputs& inputs, const Warn& warn) {
    require_one_kind_of_input(request);
    AttentionRequest attention = request.attention;
    const bool projected = !request.query.empty();
    RunInputs<T> result = projected ? load_projected<T>(request, attention, inputs)
                                    : load_with_weights<T>(request, attention, inputs);
    const HeadSizes sizes{result.batch,
                          result.heads,
                          result.kv_heads,
                          result.queries,
                          result.keys,
                          result.layers[0].d_head,
                          result.layers[0].d_value};
    result.options = load_attention_options<T>(attention, sizes, inputs, policy(request), warn);
    const std::size_t past =
        result.options.past_key.empty() ? 0 : result.options.past_key.extent(2);
    result.keys += past;
    load_labels(request, inputs,
                request.context.empty() && past == 0 && result.queries == result.keys, result);
    return result;
}

template RunInputs<float> load_run_inputs(const RunRequest&, io::Inputs&, const Warn&);
template RunInputs<double> load_run_inputs(const RunRequest&, io::Inputs&, const Warn&);

}  // namespace attn::pipeline
