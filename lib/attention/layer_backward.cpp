#include "attention/layer_backward.hpp"

#include <algorithm>

#include "attention/block.hpp"
#include "attention/divided_rows.hpp"
#include "attention/normalisation_backward.hpp"
#include "attention/overflow.hpp"
#include "attention/projection_backward.hpp"

namespace attn {
namespace {

// [batch, heads, tokens, width] -> [batch, tokens from `first` on, heads * width]
template <class T>
Array<T> packed(const Array<T>& heads, std::size_t first) {
    const Shape& shape = heads.shape();
    const std::size_t tokens = shape[2] - first, width = shape[3];
    std::vector<T> values(shape[0] * tokens * shape[1] * width);
    T* to = values.data();
    const HeadsView<T> view = separate_heads(heads);
    for (std::size_t sequence = 0; sequence < shape[0]; ++sequence) {
        for (std::size_t token = first; token < shape[2]; ++token) {
            for (std::size_t head = 0; head < shape[1]; ++head, to += width) {
                const Span<const T> from = view.head(sequence, head).row(token);
                std::copy(from.begin(), from.end(), to);
            }
        }
    }
    return Array<T>({shape[0], tokens, shape[1] * width}, std::move(values));
}

// The transpose of a rotation rotates back.
template <class T>
Array<T> turned_back(const Array<T>& heads, const RotaryOptions<T>& rotary,
                     const std::vector<std::size_t>& rows) {
    std::vector<T> sines(rotary.table.sin.values().begin(), rotary.table.sin.values().end());
    for (T& value : sines) value = -value;
    const RotaryTable<T> table{rotary.table.cos,
                               Array<T>(rotary.table.sin.shape(), std::move(sines))};
    return rotate(separate_heads(heads), table, rows, rotary.pairs);
}

// Tokens behind those of the cache, whose keys were rotated before we got them.
template <class T>
Array<T> behind_cache(const Array<T>& heads, std::size_t past) {
    const Shape& shape = heads.shape();
    if (past == 0) return heads;
    const std::size_t tokens = shape[2] - past, width = shape[3];
    std::vector<T> values;
    for (std::size_t item = 0; item < shape[0] * shape[1]; ++item) {
        const T* from = heads.data() + (item * shape[2] + past) * width;
        values.insert(values.end(), from, from + tokens * width);
    }
    return Array<T>({shape[0], shape[1], tokens, width}, std::move(values));
}

// Back through the norm of each head; `raw` is what the projection gave, [batch, tokens, heads *
// width].
template <class T>
Array<T> back_through_norm(const Array<T>& raw, std::size_t heads, const Norm<T>& norm,
                           const Array<T>& dy, Array<T>& d_weight) {
    if (norm.kind == NormKind::none) return dy;
    const Shape& shape = raw.shape();
    const Shape separate{shape[0], shape[1], heads, shape[2] / heads};
    const NormGradients<T> gradients =
        normalise_backward(raw.reshaped(separate), norm, dy.reshaped(separate));
    d_weight = gradients.weight;
    return gradients.x.reshaped(shape);
}

// [batch, tokens, columns] of what `make` gives for rows of x that are dealt out.
template <class T, class Make>
Array<T> made_of_rows(const Communicator& ranks, const Array<T>& x, const Make& make) {
    const Array<T> all = divide_rows<T>(
        ranks, x.extent(0) * x.extent(1),
        [&](std::size_t first, std::size_t count) { return make(some_rows_of(x, first, count)); });
    return all.reshaped({x.extent(0), x.extent(1), all.extent(1)});
}

}  // namespace

template <class T>
HeadsGradients<T> backward_of_heads(std::size_t layer, const Heads<T>& q, const Heads<T>& k,
                                    const Heads<T>& v, const AttentionOptions<T>& options,
                                    const Array<T>& d_context, const GradientSinks<T>& sinks,
                                    const LayerShare& share, const Communicator& ranks) {
    const LayerResult<T> placed = place_heads(q, k, v, options);
    const AttentionInputs<T> inputs = attention_inputs(layer, placed, options, share);
    HeadsGradients<T> gradients;
    gradients.attention = attend_backward(inputs, options.mask, d_context, sinks, ranks);
    const std::size_t past = options.past_key.empty() ? 0 : options.past_key.extent(2);
    Array<T> d_q = gradients.attention.q;
    Array<T> d_k = behind_cache(gradients.attention.k, past);
    if (options.rotary) {
        d_q = turned_back(d_q, *options.rotary, options.rotary->query_rows);
        d_k = turned_back(d_k, *options.rotary, options.rotary->key_rows);
    }
    gradients.q = packed(d_q, 0);
    gradients.k = packed(d_k, 0);
    gradients.v = packed(gradients.attention.v, past);
    return gradients;
}

template <class T>
LayerGradients<T> backward_of_layer(std::size_t layer, const Array<T>& x, const Array<T>& context,
                                    const ProjectionWeights<T>& w,
                                    const AttentionOptions<T>& options, const Array<T>& d_output,
                                    const GradientSinks<T>& sinks, const LayerShare& share,
                                    const Communicator& ranks) {
    const OverflowGuard guard{layer, options.allow_nonfinite};
    guard.check(x, "what the layer reads");
    const Array<T>& from = context.empty() ? x : context;
    const auto forwards = [&](const Array<T>& rows, const Array<T>& W, const Array<T>& b) {
        return made_of_rows(ranks, rows,
                            [&](const Array<T>& some) { return project(some, W, b, w.order); });
    };
    const auto back = [&](const Array<T>& rows, const Array<T>& W) {
        return made_of_rows(ranks, rows,
                            [&](const Array<T>& some) { return project_back(some, W, w.order); });
    };
    const Array<T> raw_q = forwards(x, w.W_Q, w.b_Q);
    const Array<T> raw_k = forwards(from, w.W_K, w.b_K);
    const auto q = make_packed_heads(normalise_heads(raw_q, w.heads, w.q_norm), w.heads);
    const auto k = make_packed_heads(normalise_heads(raw_k, w.kv_heads, w.k_norm), w.kv_heads);
    const auto v = make_packed_heads(forwards(from, w.W_V, w.b_V), w.kv_heads);

    LayerGradients<T> result;
    ProjectionGradients<T>& d = result.projections;
    result.d_context = w.W_O.empty() ? d_output : back(d_output, w.W_O);
    result.heads =
        backward_of_heads(layer, q, k, v, options, result.d_context, sinks, share, ranks);
    const Array<T> d_q = back_through_norm(raw_q, w.heads, w.q_norm, result.heads.q, d.q_norm);
    const Array<T> d_k = back_through_norm(raw_k, w.kv_heads, w.k_norm, result.heads.k, d.k_norm);
    const Array<T>& d_v = result.heads.v;
    result.x = back(d_q, w.W_Q);
    Array<T> d_from = add(back(d_k, w.W_K), back(d_v, w.W_V));
    if (context.empty()) {
        result.x = add(result.x, d_from);
    } else {
        result.embeddings = std::move(d_from);
        guard.check(result.embeddings, "the gradient of the context");
    }
    guard.check(result.x, "the gradient of what the layer reads");
    d.W_Q = matrix_gradient(x, d_q, ranks);
    d.W_K = matrix_gradient(from, d_k, ranks);
    d.W_V = matrix_gradient(from, d_v, ranks);
    if (!w.b_Q.empty()) d.b_Q = bias_gradient(d_q);
    if (!w.b_K.empty()) d.b_K = bias_gradient(d_k);
    if (!w.b_V.empty()) d.b_V = bias_gradient(d_v);
    if (!w.b_O.empty()) d.b_O = bias_gradient(d_output);
    if (!w.W_O.empty()) d.W_O = matrix_gradient(result.heads.attention.context, d_output, ranks);
    return result;
}

template HeadsGradients<float> backward_of_heads(std::size_t, const Heads<float>&,
                                                 const Heads<float>&, const Heads<float>&,
                                                 const AttentionOptions<float>&,
                                                 const Array<float>&, const GradientSinks<float>&,
                                                 const LayerShare&, const Communicator&);
template HeadsGradients<double> backward_of_heads(std::size_t, const Heads<double>&,
                                                  const Heads<double>&, const Heads<double>&,
                                                  const AttentionOptions<double>&,
                                                  const Array<double>&,
                                                  const GradientSinks<double>&, const LayerShare&,
                                                  const Communicator&);
template LayerGradients<float> backward_of_layer(std::size_t, const Array<float>&,
                                                 const Array<float>&,
                                                 const ProjectionWeights<float>&,
                                                 const AttentionOptions<float>&,
                                                 const Array<float>&, const GradientSinks<float>&,
                                                 const LayerShare&, const Communicator&);
template LayerGradients<double> backward_of_layer(
    std::size_t, const Array<double>&, const Array<double>&, const ProjectionWeights<double>&,
    const AttentionOptions<double>&, const Array<double>&, const GradientSinks<double>&,
    const LayerShare&, const Communicator&);

}  // namespace attn
