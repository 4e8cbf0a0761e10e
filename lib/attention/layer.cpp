#include "attention/layer.hpp"

#include <cmath>

namespace attn {
namespace {

template <class T>
Heads<T> turn(const Heads<T>& heads, const RotaryOptions<T>& rotary,
              const std::vector<std::size_t>& rows) {
    return make_separate_heads(rotate(heads.view, rotary.table, rows, rotary.pairs));
}

template <class T>
Heads<T> put_in_front(const Array<T>& past, const Heads<T>& heads) {
    return make_separate_heads(join_tokens(separate_heads(past), heads.view));
}

}  // namespace

template <class T>
LayerResult<T> compute_heads(std::size_t layer, const Heads<T>& q, const Heads<T>& k,
                             const Heads<T>& v, const AttentionOptions<T>& options,
                             const Sinks<T>& sinks) {
    LayerResult<T> result{q, k, v, {}};
    if (options.rotary) {
        result.q = turn(result.q, *options.rotary, options.rotary->query_rows);
        result.k = turn(result.k, *options.rotary, options.rotary->key_rows);
    }
    if (!options.past_key.empty()) {
        result.k = put_in_front(options.past_key, result.k);
        result.v = put_in_front(options.past_value, result.v);
    }

    AttentionInputs<T> inputs;
    inputs.layer = layer;
    inputs.q = result.q.view;
    inputs.k = result.k.view;
    inputs.v = result.v.view;
    const double default_scale = 1.0 / std::sqrt(static_cast<double>(inputs.q.width));
    inputs.scale = static_cast<T>(options.scale.value_or(default_scale));
    if (options.softcap) inputs.softcap = static_cast<T>(*options.softcap);
    inputs.sinks = options.sinks;
    inputs.kv_order = options.kv_order;
    inputs.score_stage = options.score_stage;
    result.output = attend(inputs, Mask<T>(options.mask, inputs.k.tokens), sinks);
    return result;
}

template <class T>
LayerResult<T> compute_layer(std::size_t layer, const Array<T>& x, const Array<T>& context,
                             const ProjectionWeights<T>& weights,
                             const AttentionOptions<T>& options, const Sinks<T>& sinks) {
    const auto q = make_packed_heads(project(x, weights.W_Q, weights.b_Q), weights.heads);
    const auto k = make_packed_heads(project(context, weights.W_K, weights.b_K), weights.kv_heads);
    const auto v = make_packed_heads(project(context, weights.W_V, weights.b_V), weights.kv_heads);
    LayerResult<T> result = compute_heads(layer, q, k, v, options, sinks);
    if (!weights.W_O.empty()) result.output = project(result.output, weights.W_O, weights.b_O);
    return result;
}

template <class T>
Array<T> add(const Array<T>& x, const Array<T>& y) {
    assert(x.shape() == y.shape());
    std::vector<T> sum(x.size());
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = x.data()[i] + y.data()[i];
    return Array<T>(x.shape(), std::move(sum));
}

template LayerResult<float> compute_heads(std::size_t, const Heads<float>&, const Heads<float>&,
                                          const Heads<float>&, const AttentionOptions<float>&,
                                          const Sinks<float>&);
template LayerResult<double> compute_heads(std::size_t, const Heads<double>&, const Heads<double>&,
                                           const Heads<double>&, const AttentionOptions<double>&,
                                           const Sinks<double>&);
template LayerResult<float> compute_layer(std::size_t, const Array<float>&, const Array<float>&,
                                          const ProjectionWeights<float>&,
                                          const AttentionOptions<float>&, const Sinks<float>&);
template LayerResult<double> compute_layer(std::size_t, const Array<double>&, const Array<double>&,
                                           const ProjectionWeights<double>&,
                                           const AttentionOptions<double>&, const Sinks<double>&);
template Array<float> add(const Array<float>&, const Array<float>&);
template Array<double> add(const Array<double>&, const Array<double>&);

}  // namespace attn
