#include "attention/layer.hpp"

#include "attention/attend_by_definition.hpp"
#include "attention/default_scale.hpp"
#include "attention/divided_rows.hpp"
#include "attention/input_sink.hpp"
#include "attention/overflow.hpp"
#include "attention/project_heads.hpp"
#include "attention/ranks_sink.hpp"

namespace attn {
namespace {

template <class T>
Heads<T> rotate(const Heads<T>& heads, const RotaryOptions<T>& rotary,
                const std::vector<std::size_t>& rows) {
    return make_separate_heads(rotate(heads.view, rotary.table, rows, rotary.pairs));
}

template <class T>
Heads<T> put_in_front(const Array<T>& past, const Heads<T>& heads) {
    return make_separate_heads(join_tokens(separate_heads(past), heads.view));
}

}  // namespace

template <class T>
Array<T> normalise_heads(const Array<T>& packed, std::size_t heads, const Norm<T>& norm) {
    const Shape& shape = packed.shape();
    const Shape separate{shape[0], shape[1], heads, shape[2] / heads};
    return normalise(packed.reshaped(separate), norm).reshaped(shape);
}

template <class T>
LayerResult<T> place_heads(Heads<T> q, Heads<T> k, Heads<T> v, const AttentionOptions<T>& options) {
    LayerResult<T> result{std::move(q), std::move(k), std::move(v), {}};
    if (options.rotary) {
        result.q = rotate(result.q, *options.rotary, options.rotary->query_rows);
        result.k = rotate(result.k, *options.rotary, options.rotary->key_rows);
    }
    if (!options.past_key.empty()) {
        result.k = put_in_front(options.past_key, result.k);
        result.v = put_in_front(options.past_value, result.v);
    }
    return result;
}

template <class T>
AttentionInputs<T> attention_inputs(std::size_t layer, const LayerResult<T>& placed,
                                    const AttentionOptions<T>& options, const LayerShare& share) {
    AttentionInputs<T> inputs;
    inputs.layer = layer;
    inputs.q = placed.q.view;
    inputs.k = placed.k.view;
    inputs.v = placed.v.view;
    inputs.scale = static_cast<T>(options.scale.value_or(default_scale(inputs.q.width)));
    if (options.softcap) inputs.softcap = static_cast<T>(*options.softcap);
    inputs.sinks = options.sinks;
    inputs.kv_order = options.kv_order;
    inputs.score_stage = options.score_stage;
    inputs.allow_nonfinite = options.allow_nonfinite;
    inputs.share = share;
    return inputs;
}

namespace {

template <class T>
LayerResult<T> attend_placed(std::size_t layer, LayerResult<T> placed,
                             const AttentionOptions<T>& options, const Sinks<T>& sinks,
                             const LayerShare& share) {
    const AttentionInputs<T> inputs = attention_inputs(layer, placed, options, share);
    tell_input_sinks(sinks, [&](InputSink<T>& sink) { sink.begin_options(options); });
    placed.output = attend(inputs, Mask<T>(options.mask, inputs.k.tokens), sinks);
    return placed;
}

}  // namespace

template <class T>
LayerResult<T> compute_heads(std::size_t layer, const Heads<T>& q, const Heads<T>& k,
                             const Heads<T>& v, const AttentionOptions<T>& options,
                             const Sinks<T>& sinks, const LayerShare& share) {
    LayerResult<T> result = place_heads(q, k, v, options);
    if (options.engine == Engine::xtensor) {
        result.output = attend_by_definition(layer, q.view, k.view, v.view, options, sinks, share);
        return result;
    }
    return attend_placed(layer, std::move(result), options, sinks, share);
}

template <class T>
LayerResult<T> compute_layer(std::size_t layer, Array<T> x, Array<T> context,
                             ProjectionWeights<T> w, const AttentionOptions<T>& options,
                             const Sinks<T>& sinks, const LayerShare& share) {
    const OverflowGuard guard{layer, options.allow_nonfinite};
    guard.check(x, "what the layer reads");
    const RanksSink<T>* const shared = ranks_among(sinks);
    const Communicator ranks = shared == nullptr ? Communicator() : shared->ranks();
    const Array<T> W_O = w.W_O, b_O = w.b_O;
    const MatrixOrder order = w.order;
    LayerResult<T> projected = project_heads(x, context, std::move(w), ranks);
    x = context = {};
    LayerResult<T> result;
    if (options.engine == Engine::xtensor) {
        result = compute_heads(layer, projected.q, projected.k, projected.v, options, sinks, share);
    } else {
        // Moved, or queries and keys would be held as they were before the rotation, too.
        result = place_heads(std::move(projected.q), std::move(projected.k), std::move(projected.v),
                             options);
        result = attend_placed(layer, std::move(result), options, sinks, share);
    }
    if (!share.output) return result;
    if (!W_O.empty()) {
        const Array<T> contexts = result.output;
        const Array<T> rows = divide_rows<T>(
            ranks, contexts.extent(0) * contexts.extent(1),
            [&](std::size_t first, std::size_t count) {
                return project(some_rows_of(contexts, first, count), W_O, b_O, order);
            });
        result.output = rows.reshaped({contexts.extent(0), contexts.extent(1), rows.extent(1)});
    }
    guard.check(result.output, "the output of the attention");
    return result;
}

template Array<float> normalise_heads(const Array<float>&, std::size_t, const Norm<float>&);
template Array<double> normalise_heads(const Array<double>&, std::size_t, const Norm<double>&);
template LayerResult<float> place_heads(Heads<float>, Heads<float>, Heads<float>,
                                        const AttentionOptions<float>&);
template LayerResult<double> place_heads(Heads<double>, Heads<double>, Heads<double>,
                                         const AttentionOptions<double>&);
template AttentionInputs<float> attention_inputs(std::size_t, const LayerResult<float>&,
                                                 const AttentionOptions<float>&, const LayerShare&);
template AttentionInputs<double> attention_inputs(std::size_t, const LayerResult<double>&,
                                                  const AttentionOptions<double>&,
                                                  const LayerShare&);
template LayerResult<float> compute_heads(std::size_t, const Heads<float>&, const Heads<float>&,
                                          const Heads<float>&, const AttentionOptions<float>&,
                                          const Sinks<float>&, const LayerShare&);
template LayerResult<double> compute_heads(std::size_t, const Heads<double>&, const Heads<double>&,
                                           const Heads<double>&, const AttentionOptions<double>&,
                                           const Sinks<double>&, const LayerShare&);
template LayerResult<float> compute_layer(std::size_t, Array<float>, Array<float>,
                                          ProjectionWeights<float>, const AttentionOptions<float>&,
                                          const Sinks<float>&, const LayerShare&);
template LayerResult<double> compute_layer(std::size_t, Array<double>, Array<double>,
                                           ProjectionWeights<double>,
                                           const AttentionOptions<double>&, const Sinks<double>&,
                                           const LayerShare&);

}  // namespace attn
