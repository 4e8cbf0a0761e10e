#include "source/computed_inputs.hpp"

#include "attention/default_scale.hpp"
#include "core/error.hpp"
#include "core/word_list.hpp"
#include "io/tokens.hpp"
#include "source/attention_options.hpp"
#include "source/weights_inputs.hpp"

namespace attn::source {
namespace {

void require_one_kind_of_input(const ComputedRequest& request) {
    if (request.saved) return;
    const bool heads = !request.query.empty() || !request.key.empty() || !request.value.empty();
    if (!heads) {
        if (!request.token_type_ids.empty() && request.token_ids.empty())
            fail("--token-type-ids: needs --token-ids");
        if (request.weights.empty())
            fail("nothing to compute from: give --weights, or --query, --key and --value");
        std::string given;
        for (const auto& [value, flag] : {std::pair(&request.embeddings, "--embeddings"),
                                          std::pair(&request.hidden_states, "--hidden-states"),
                                          std::pair(&request.token_ids, "--token-ids")}) {
            if (value->empty()) continue;
            if (!given.empty()) fail(given, " and ", flag, " exclude each other");
            given = flag;
        }
        return;
    }
    for (const auto& [value, flag] :
         {std::pair(&request.query, "--query"), std::pair(&request.key, "--key"),
          std::pair(&request.value, "--value")}) {
        if (value->empty())
            fail("--query, --key and --value belong together; ", flag, " is missing");
    }
    if (request.model_output()) {
        fail(
            "--save hidden, logits, probs: need the model behind the attention; --query, --key and "
            "--value hold none");
    }
    for (const auto& [value, flag] :
         {std::pair(&request.weights, "--weights"), std::pair(&request.embeddings, "--embeddings"),
          std::pair(&request.hidden_states, "--hidden-states"),
          std::pair(&request.token_ids, "--token-ids"),
          std::pair(&request.token_type_ids, "--token-type-ids"),
          std::pair(&request.activation, "--activation"),
          std::pair(&request.context, "--context")}) {
        if (!value->empty())
            fail("--query, --key and --value are already projected; they exclude ", flag);
    }
    if (request.norm_first || request.norm_epsilon) {
        fail("--query, --key and --value are already projected; they exclude ",
             request.norm_first ? "--norm-first" : "--norm-eps");
    }
}

// [(batch,) heads, n, d], or packed [(batch,) n, heads * d] where `heads` says how many there are.
template <class T>
Heads<T> load_heads(const std::string& name, std::optional<std::size_t> heads,
                    const std::string& flag, const std::string& heads_flag,
                    const ComputedRequest& request, io::Inputs& inputs) {
    const Array<T> array = inputs.load<T>(name, request.non_finite());
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
        fail(name, " ", to_string(array.shape()), ": ", counted(shape[2], "column"),
             " cannot be divided among ", *heads, " heads (", heads_flag, ")");
    }
    return make_packed_heads(array.reshaped(shape), *heads);
}

template <class T>
std::string shape_text(const Heads<T>& heads) {
    return to_string(
        Shape{heads.view.batch, heads.view.heads, heads.view.tokens, heads.view.width});
}

template <class T>
void check_heads(const ComputedInputs<T>& in) {
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
ComputedInputs<T> load_projected(const ComputedRequest& request, io::Inputs& inputs) {
    const AttentionRequest& attention = request.attention;
    const std::optional<std::size_t> kv_heads =
        attention.kv_heads ? attention.kv_heads : attention.heads;
    if (attention.kv_heads && !attention.heads)
        fail("--kv-heads needs --heads and packed arrays [batch, n, heads * d]");
    ComputedInputs<T> result;
    result.attention = attention;
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

// The heads of all layers of a run that saved them; all layers are as large as the first.
template <class T>
ComputedInputs<T> load_saved(const ComputedRequest& request, io::Inputs& inputs) {
    const SavedHeads& saved = *request.saved;
    ComputedInputs<T> result;
    result.attention = attention_of_run(saved, request.attention);
    result.saved.resize(saved.layers.size());
    const std::vector<std::size_t> numbers = saved.saved_layers();
    for (const std::size_t layer : numbers) {
        const SavedLayer& names = saved.layers[layer];
        const auto load = [&](const std::string& name) {
            return load_heads<T>(name, std::nullopt, "q, k, v of a run", "", request, inputs);
        };
        result.q = load(names.q);
        result.k = load(names.k);
        result.v = load(names.v);
        check_heads(result);
        const GivenHeads<T>& first = result.saved[numbers.front()];
        const bool fits =
            layer == numbers.front() || (shape_text(result.q) == shape_text(first.q) &&
                                         shape_text(result.k) == shape_text(first.k) &&
                                         shape_text(result.v) == shape_text(first.v));
        if (!fits)
            fail(names.q, " ", shape_text(result.q), ": layers of another size than ",
                 saved.layers[numbers.front()].q, " ", shape_text(first.q));
        result.saved[layer] = {std::move(result.q), std::move(result.k), std::move(result.v)};
    }
    const GivenHeads<T>& first = result.saved[numbers.front()];
    result.batch_axis = inputs.find(saved.layers[numbers.front()].q).shape.size() == 4;
    result.batch = first.q.view.batch;
    result.heads = first.q.view.heads;
    result.kv_heads = first.k.view.heads;
    result.queries = first.q.view.tokens;
    result.keys = first.k.view.tokens;
    const std::size_t d_value = first.v.view.width;
    result.layers.assign(saved.layers.size(),
                         {first.q.view.width, d_value, result.heads * d_value});
    result.tokens = saved.run.tokens;
    result.key_tokens = saved.run.key_tokens;
    if (!saved.run.window_left.empty()) {
        result.window_left.assign(saved.layers.size(), saved.run.structure.window_left);
        for (const auto& [layer, window] : saved.run.window_left)
            result.window_left[layer] = window;
    }
    return result;
}

// Where queries stood and how long sequences were, unless flags say otherwise.
template <class T>
void place_as_the_run_did(const SavedHeads& saved, const AttentionRequest& flags,
                          ComputedInputs<T>& result) {
    MaskStructure& structure = result.options.mask.structure;
    if (flags.query_offset.empty()) structure.offsets = saved.run.structure.offsets;
    if (flags.key_lengths.empty()) structure.key_lengths = saved.run.structure.key_lengths;
}

void check_labels(const std::vector<std::vector<std::string>>& labels, std::size_t batch,
                  std::size_t count, const std::string& file, const std::string& what) {
    if (labels.size() != 1 && labels.size() != batch) {
        fail(file, ": has tokens for ", counted(labels.size(), "sequence"), ", the input has ",
             batch);
    }
    for (const auto& list : labels) {
        if (list.size() != count)
            fail(file, ": has ", counted(list.size(), "token"), ", there are ", count, " ", what);
    }
}

// Tokens label the queries, and the keys too where these are the same tokens.
template <class T>
void load_labels(const ComputedRequest& request, io::Inputs& inputs, bool same_tokens,
                 ComputedInputs<T>& result) {
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

// What layers of a checkpoint have for themselves.
template <class T>
void load_options_of_layers(const ComputedRequest& request, const HeadSizes& sizes,
                            std::size_t past, io::Inputs& inputs, ComputedInputs<T>& result) {
    const io::NonFinite policy = request.non_finite();
    for (const std::string& table : result.relative_biases) {
        AttentionRequest own = result.attention;
        own.relative_bias = table;
        result.relative.push_back(load_relative_bias<T>(own, sizes.heads, inputs, policy));
    }
    for (const std::string& sinks : result.sink_names)
        result.sinks.push_back(load_sinks<T>(sinks, sizes.heads, inputs, policy));
    if (!result.attention.window_theta) return;
    AttentionRequest own = result.attention;
    own.rope_theta = own.window_theta;
    own.rope_scaling = {};
    result.window_rotary =
        load_rotary<T>(own, sizes, past, result.options.mask.structure.offsets, inputs);
}

}  // namespace

template <class T>
AttentionOptions<T> ComputedInputs<T>::options_of(std::size_t layer) const {
    AttentionOptions<T> own = options;
    if (!window_left.empty()) own.mask.structure.window_left = window_left[layer];
    if (!relative.empty()) own.mask.relative = relative[layer];
    if (!rotary_kinds.empty()) {
        if (rotary_kinds[layer] == model::RotaryKind::window) own.rotary = window_rotary;
        if (rotary_kinds[layer] == model::RotaryKind::none) own.rotary = std::nullopt;
    }
    if (!sinks.empty()) own.sinks = sinks[layer];
    if (attention.scale_by_layer) {
        own.scale = own.scale.value_or(default_scale(layers[layer].d_head)) /
                    static_cast<double>(layer + 1);
    }
    return own;
}

template <class T>
ComputedInputs<T> load_computed_inputs(const ComputedRequest& request, io::Inputs& inputs,
                                       const Warn& warn) {
    require_one_kind_of_input(request);
    const bool projected = !request.query.empty();
    ComputedInputs<T> result = request.saved ? load_saved<T>(request, inputs)
                               : projected   ? load_projected<T>(request, inputs)
                                             : load_with_weights<T>(request, inputs);
    const HeadSizes sizes{result.batch,
                          result.heads,
                          result.kv_heads,
                          result.queries,
                          result.keys,
                          result.layers[0].d_head,
                          result.layers[0].d_value};
    result.options =
        load_attention_options<T>(result.attention, sizes, inputs, request.non_finite(), warn);
    if (request.saved) place_as_the_run_did(*request.saved, request.attention, result);
    const std::size_t past =
        result.options.past_key.empty() ? 0 : result.options.past_key.extent(2);
    load_options_of_layers(request, sizes, past, inputs, result);
    result.keys += past;
    load_labels(request, inputs,
                request.context.empty() && past == 0 && result.queries == result.keys, result);
    for (const std::string& note : result.notes) warn(note);
    return result;
}

template struct ComputedInputs<float>;
template struct ComputedInputs<double>;
template ComputedInputs<float> load_computed_inputs(const ComputedRequest&, io::Inputs&,
                                                    const Warn&);
template ComputedInputs<double> load_computed_inputs(const ComputedRequest&, io::Inputs&,
                                                     const Warn&);

}  // namespace attn::source
