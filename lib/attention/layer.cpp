#include "attention/layer.hpp"

#include <cmath>

namespace attn {

template <class T>
LayerResult<T> compute_layer(std::size_t layer, const Array<T>& x,
                             const ProjectionWeights<T>& weights, const AttentionOptions& options,
                             const Sinks<T>& sinks) {
    LayerResult<T> result;
    result.q = project(x, weights.W_Q, weights.b_Q);
    result.k = project(x, weights.W_K, weights.b_K);
    result.v = project(x, weights.W_V, weights.b_V);

    AttentionInputs<T> inputs;
    inputs.layer = layer;
    inputs.q = packed_heads(result.q, weights.heads);
    inputs.k = packed_heads(result.k, weights.heads);
    inputs.v = packed_heads(result.v, weights.heads);
    const double default_scale = 1.0 / std::sqrt(static_cast<double>(inputs.q.width));
    inputs.scale = static_cast<T>(options.scale.value_or(default_scale));

    const Mask mask(options.causal, inputs.k.tokens);
    const Array<T> context = attend(inputs, mask, sinks);
    result.output = weights.W_O.empty() ? context : project(context, weights.W_O, weights.b_O);
    return result;
}

template <class T>
Array<T> add(const Array<T>& x, const Array<T>& y) {
    assert(x.shape() == y.shape());
    std::vector<T> sum(x.size());
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = x.data()[i] + y.data()[i];
    return Array<T>(x.shape(), std::move(sum));
}

template LayerResult<float> compute_layer(std::size_t, const Array<float>&,
                                          const ProjectionWeights<float>&, const AttentionOptions&,
                                          const Sinks<float>&);
template LayerResult<double> compute_layer(std::size_t, const Array<double>&,
                                           const ProjectionWeights<double>&,
                                           const AttentionOptions&, const Sinks<double>&);
template Array<float> add(const Array<float>&, const Array<float>&);
template Array<double> add(const Array<double>&, const Array<double>&);

}  // namespace attn
