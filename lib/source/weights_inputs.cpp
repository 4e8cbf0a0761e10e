#include "source/weights_inputs.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/word_list.hpp"
#include "model/assumptions.hpp"
#include "model/embedding.hpp"
#include "source/whole_numbers.hpp"

namespace attn::source {
namespace {

// The array that the first layer reads, or all of them.
io::StoredArray find_x(const ComputedRequest& request, io::Inputs& inputs) {
    if (!request.hidden_states.empty()) return inputs.find(request.hidden_states);
    if (!request.embeddings.empty()) return inputs.find(request.embeddings);
    const io::Container& file = inputs.open(request.weights);
    const auto found = file.arrays.find("embeddings");
    if (found == file.arrays.end()) {
        fail(request.weights,
             ": holds no \"embeddings\"; give them with --embeddings, or token ids "
             "with --token-ids");
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
        // Hugging Face saves one more: what the last layer gives.
        if (shape[0] != layers && shape[0] != layers + 1) {
            fail(x.name, " ", to_string(x.shape), ": has ", shape[0],
                 " hidden states, the weights have ", counted(layers, "layer"));
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
        fail(path, ": layer ", layer, " has no W_O and its heads give ",
             counted(layers[layer].d_output, "column"), ", the next layer reads ", d_model,
             "; give --hidden-states");
    }
}

template <class T>
void check_layers(const model::LayerRequest& request, ComputedInputs<T>& result) {
    const model::WeightBundle& bundle = *result.bundle;
    auto& sizes = result.sizes;
    for (std::size_t layer = 0; layer < bundle.layers.size(); ++layer) {
        sizes.push_back(model::check_layer(bundle, layer, request));
        const model::LayerSizes& found = sizes.back();
        if (found.heads != sizes[0].heads || found.kv_heads != sizes[0].kv_heads ||
            found.d_head != sizes[0].d_head) {
            fail(bundle.path, ": layer ", layer, " has ", counted(found.heads, "head"), " of ",
                 found.d_head, " columns, layer 0 has ", sizes[0].heads, " of ", sizes[0].d_head);
        }
        result.layers.push_back({found.d_head, found.d_value, found.d_output});
    }
    result.heads = sizes[0].heads;
    result.kv_heads = sizes[0].kv_heads;
}

// Whether anything behind a layer's attention is needed.
bool needs_blocks(const ComputedRequest& request, std::size_t layers) {
    if (request.model_output()) return true;
    if (!request.hidden_states.empty()) return false;
    if (!request.layers) return layers > 1;
    return *std::max_element(request.layers->begin(), request.layers->end()) > 0;
}

// Flags win over the file.
void complete(const model::AttentionDefaults& defaults, std::size_t d_head,
              AttentionRequest& attention) {
    if (!attention.causal) attention.causal = defaults.causal;
    attention.scale_by_layer = defaults.scale_by_layer && !attention.scale;
    if (!attention.scale) attention.scale = defaults.scale;
    if (!attention.softcap) attention.softcap = defaults.softcap;
    if (defaults.rope) {
        const double dim = std::floor(defaults.rope_share * static_cast<double>(d_head));
        attention.rope = true;
        if (defaults.window_theta)
            attention.window_theta = attention.rope_theta.value_or(*defaults.window_theta);
        if (!attention.rope_theta) attention.rope_theta = defaults.rope_theta;
        if (!attention.rope_dim) {
            attention.rope_dim_given = false;
            attention.rope_dim = defaults.rope_dim.value_or(static_cast<std::size_t>(dim));
        }
        attention.rope_interleaved = attention.rope_interleaved || defaults.rope_interleaved;
        attention.rope_scaling = defaults.rope_scaling;
    }
    if (attention.relative_bias.empty() && !defaults.relative_bias.empty()) {
        attention.relative_bias = defaults.relative_bias;
        attention.relative_max_distance = defaults.relative_max_distance;
        attention.bidirectional = defaults.bidirectional;
    }
}

// A window that all layers have is an option like any other; where they differ each keeps its own.
template <class T>
void complete_windows(ComputedInputs<T>& result) {
    if (!result.attention.window.empty()) return;
    std::vector<std::optional<std::size_t>> windows;
    for (std::size_t layer = 0; layer < result.layers.size(); ++layer)
        windows.push_back(model::window_left(*result.bundle, layer));
    const bool alike = std::all_of(windows.begin(), windows.end(),
                                   [&](const auto& window) { return window == windows[0]; });
    if (!alike) {
        result.window_left = std::move(windows);
    } else if (windows[0]) {
        result.attention.window = std::to_string(*windows[0]) + ",-1";
    }
}

// Layers that rotate otherwise than layer 0 does, or not at all.
template <class T>
void find_rotary_kinds(ComputedInputs<T>& result) {
    if (!result.attention.rope) return;
    for (std::size_t layer = 0; layer < result.layers.size(); ++layer)
        result.rotary_kinds.push_back(model::rotary_kind(*result.bundle, layer));
}

// Learned sinks of each layer, unless a flag gives those of all.
template <class T>
void find_sinks(ComputedInputs<T>& result) {
    if (!result.attention.sink.empty() || model::sinks(*result.bundle, 0).empty()) return;
    for (std::size_t layer = 0; layer < result.layers.size(); ++layer)
        result.sink_names.push_back(model::sinks(*result.bundle, layer));
    result.attention.sink = result.sink_names.front();
}

// Which of a file's arrays were taken, where their names do not begin as the family's do.
void tell_where(const model::WeightBundle& bundle, std::vector<std::string>& notes) {
    if (!bundle.prefix.empty())
        notes.push_back(bundle.path + ": the names of " + bundle.layout->title + " stand behind " +
                        bundle.prefix);
    for (const std::string& other : bundle.others)
        notes.push_back(bundle.path + ": holds another model under " + other +
                        ", which is not read");
}

// What is computed although nothing says so.
void tell_assumptions(const model::WeightBundle& bundle, bool whole_blocks,
                      const model::LayerSizes& sizes, std::vector<std::string>& notes) {
    if (sizes.heads_assumed)
        notes.push_back(bundle.path +
                        ": nothing says how many heads there are; 1 head assumed; give --heads");
    const std::string assumed = model::assumptions(bundle, whole_blocks);
    if (!assumed.empty())
        notes.push_back(bundle.path + ": nothing says, and was assumed: " + assumed);
}

// Tables of relative positions, where layers have their own.
template <class T>
void find_relative_biases(ComputedInputs<T>& result) {
    const std::string& first = result.attention.relative_bias;
    std::vector<std::string> tables;
    for (std::size_t layer = 0; layer < result.layers.size(); ++layer)
        tables.push_back(model::relative_bias(*result.bundle, layer));
    const bool alike = std::all_of(tables.begin(), tables.end(),
                                   [&](const std::string& table) { return table == first; });
    if (!alike) result.relative_biases = std::move(tables);
}

template <class T>
void load_context(const ComputedRequest& request, const io::StoredArray& x, io::Inputs& inputs,
                  ComputedInputs<T>& result) {
    if (request.context.empty()) return;
    const io::StoredArray context = inputs.find(request.context);
    const Shape shape = embedding_shape(context, false, 0);
    if (shape[0] != result.batch) {
        fail(context.name, " ", to_string(context.shape), ": has ", counted(shape[0], "sequence"),
             ", ", x.name, " has ", result.batch, " (--context)");
    }
    result.keys = shape[1];
    result.context = inputs.load<T>(context, request.non_finite()).reshaped(shape);
}

template <class T>
void load_embeddings(const ComputedRequest& request, const io::StoredArray& x, const Shape& shape,
                     io::Inputs& inputs, ComputedInputs<T>& result) {
    const Array<T> values = inputs.load<T>(x, request.non_finite());
    if (!result.hidden_states) {
        result.x.push_back(values.reshaped(shape));
        return;
    }
    for (std::size_t layer = 0; layer < result.layers.size(); ++layer) {
        result.x.push_back(values.slice(layer).reshaped(shape));
    }
}

// One number a token, [tokens] for all sequences or [batch, tokens].
std::vector<std::int64_t> load_of_tokens(io::Inputs& inputs, const std::string& name,
                                         const model::TokenIds& ids, const std::string& flag) {
    if (name.empty()) return {};
    const Shape shape = inputs.find(name).shape;
    const bool one_for_all = shape == Shape{ids.tokens};
    if (!one_for_all && shape != Shape{ids.batch, ids.tokens}) {
        fail(name, " ", to_string(shape), ": expected [", ids.tokens, "] or [", ids.batch, ", ",
             ids.tokens, "], one for each of --token-ids (", flag, ")");
    }
    std::vector<std::int64_t> numbers = load_integers(inputs, name, {0, kMostCount}, flag);
    const std::size_t once = numbers.size();
    while (numbers.size() < ids.ids.size())
        numbers.insert(numbers.end(), numbers.begin(),
                       numbers.begin() + static_cast<std::ptrdiff_t>(once));
    return numbers;
}

model::TokenIds load_token_ids(const ComputedRequest& request, io::Inputs& inputs) {
    const Shape shape = inputs.find(request.token_ids).shape;
    if (shape.size() != 1 && shape.size() != 2) {
        fail(request.token_ids, " ", to_string(shape),
             ": expected token ids [tokens] or [batch, tokens] (--token-ids)");
    }
    model::TokenIds ids;
    ids.name = request.token_ids;
    ids.batch = shape.size() == 2 ? shape[0] : 1;
    ids.tokens = shape.back();
    constexpr std::int64_t kMost = 1000000000000000;
    ids.ids = load_integers(inputs, request.token_ids, {-kMost, kMost}, "--token-ids");
    ids.types_name = request.token_type_ids;
    ids.types = load_of_tokens(inputs, request.token_type_ids, ids, "--token-type-ids");
    return ids;
}

}  // namespace

template <class T>
ComputedInputs<T> load_with_weights(const ComputedRequest& request, io::Inputs& inputs) {
    ComputedInputs<T> result;
    result.attention = request.attention;
    result.hidden_states = !request.hidden_states.empty();
    result.bundle = model::read_weight_bundle(inputs.open(request.weights), request.layout);
    model::apply({request.norm_first, request.activation, request.norm_epsilon}, *result.bundle);
    const model::WeightBundle& bundle = *result.bundle;
    const std::size_t layers = bundle.layers.size();
    model::require_whole_attention(bundle);
    tell_where(bundle, result.notes);
    if (needs_blocks(request, layers)) model::require_whole_blocks(bundle);
    if (request.model_output()) model::require_nothing_behind(bundle, request.asked_by);
    if (request.logits) model::require_logits(bundle, request.asked_by);

    Shape shape;
    io::StoredArray x;
    if (request.token_ids.empty()) {
        x = find_x(request, inputs);
        shape = embedding_shape(x, result.hidden_states, layers);
        result.batch_axis = x.shape.size() == (result.hidden_states ? 4 : 3);
    } else {
        model::TokenIds ids = load_token_ids(request, inputs);
        if (model::has_position_table(bundle)) {
            ids.positions_name = request.attention.positions;
            ids.positions = load_of_tokens(inputs, ids.positions_name, ids, "--positions");
            result.attention.positions.clear();
        }
        x = inputs.find(request.token_ids);
        result.batch_axis = x.shape.size() == 2;
        result.x.push_back(model::embed_tokens<T>(inputs, bundle, ids, request.non_finite()));
        shape = result.x.front().shape();
    }
    result.batch = shape[0];
    result.queries = result.keys = shape[1];
    load_context(request, x, inputs, result);
    const std::size_t d_context = result.context.empty() ? shape[2] : result.context.extent(2);
    check_layers({shape[2], d_context, request.attention.heads, request.attention.kv_heads},
                 result);
    tell_assumptions(bundle, needs_blocks(request, layers), result.sizes.front(), result.notes);
    if (needs_blocks(request, layers)) require_stackable(bundle.path, result.layers, shape[2]);
    if (!request.attention.past_key.empty() && layers > 1)
        fail("--past-key: is the cache of one layer, ", bundle.path, " has ", layers);
    const bool own_relative_bias = request.attention.relative_bias.empty();
    complete(model::attention_defaults(bundle), result.layers[0].d_head, result.attention);
    complete_windows(result);
    find_rotary_kinds(result);
    find_sinks(result);
    if (own_relative_bias) find_relative_biases(result);
    if (result.x.empty()) load_embeddings(request, x, shape, inputs, result);
    return result;
}

template ComputedInputs<float> load_with_weights(const ComputedRequest&, io::Inputs&);
template ComputedInputs<double> load_with_weights(const ComputedRequest&, io::Inputs&);

}  // namespace attn::source
