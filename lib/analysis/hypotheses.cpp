#include "analysis/hypotheses.hpp"

#include <cmath>

#include "attention/default_scale.hpp"

namespace attn::analysis {
namespace {

bool always(const DenseInputs&) {
    return true;
}

const AttentionOptions<double>& options(const DenseInputs& in) {
    return *in.options;
}
const MaskStructure& structure(const DenseInputs& in) {
    return in.options->mask.structure;
}

std::size_t width_of_head(const DenseInputs& in) {
    if (in.weights == nullptr) return in.q->view.width;
    return output_width(in.weights->W_Q, in.weights->order) / in.weights->heads;
}
double d_head(const DenseInputs& in) {
    return static_cast<double>(width_of_head(in));
}

bool projects(const DenseInputs& in) {
    return in.weights != nullptr;
}
bool has_biases(const DenseInputs& in) {
    return projects(in) && (!in.weights->b_Q.empty() || !in.weights->b_K.empty() ||
                            !in.weights->b_V.empty() || !in.weights->b_O.empty());
}
bool has_head_norms(const DenseInputs& in) {
    return projects(in) &&
           (in.weights->q_norm.kind != NormKind::none || in.weights->k_norm.kind != NormKind::none);
}
bool has_values_like_keys(const DenseInputs& in) {
    if (!options(in).past_key.empty()) return false;
    if (!projects(in)) return in.k->view.width == in.v->view.width;
    return in.weights->W_K.shape() == in.weights->W_V.shape();
}
bool has_square_weights(const DenseInputs& in) {
    return projects(in) && in.weights->W_Q.extent(0) == in.weights->W_Q.extent(1);
}
bool turns(const DenseInputs& in) {
    return options(in).rotary.has_value();
}
bool turns_behind_cache(const DenseInputs& in) {
    return turns(in) && !options(in).past_key.empty();
}

constexpr double kUsualTheta = 10000;

const std::vector<double>& radians_of(const DenseInputs& in) {
    return options(in).rotary->frequencies.radians;
}
// Stretching leaves the two fastest pairs as they are, or slows both alike.
double theta_of(const DenseInputs& in) {
    const std::vector<double>& radians = radians_of(in);
    return std::pow(radians[0] / radians[1], static_cast<double>(radians.size()));
}
bool has_other_frequencies(const DenseInputs& in, double theta) {
    const RotaryFrequencies plain = rotary_frequencies(2 * radians_of(in).size(), theta);
    const auto far = [](double a, double b) { return std::abs(a - b) > 1e-9 * a; };
    for (std::size_t pair = 0; pair < plain.radians.size(); ++pair) {
        if (far(plain.radians[pair], radians_of(in)[pair])) return true;
    }
    return far(plain.magnitude, options(in).rotary->frequencies.magnitude);
}
bool has_theta(const DenseInputs& in) {
    return turns(in) && radians_of(in).size() > 1;
}
bool has_other_theta(const DenseInputs& in) {
    return has_theta(in) && has_other_frequencies(in, kUsualTheta);
}
bool stretches(const DenseInputs& in) {
    return has_theta(in) && has_other_frequencies(in, theta_of(in));
}
std::size_t heads_of(const DenseInputs& in) {
    return projects(in) ? in.weights->heads : in.q->view.heads;
}
bool has_several_heads(const DenseInputs& in) {
    return heads_of(in) > 1;
}
std::size_t kv_heads_of(const DenseInputs& in) {
    return projects(in) ? in.weights->kv_heads : in.k->view.heads;
}
bool groups_heads(const DenseInputs& in) {
    return kv_heads_of(in) > 1 && kv_heads_of(in) < heads_of(in);
}
bool caps(const DenseInputs& in) {
    return options(in).softcap.has_value();
}
bool has_array(const DenseInputs& in) {
    return !options(in).mask.may_attend.empty() || !options(in).mask.added.empty();
}
bool is_causal(const DenseInputs& in) {
    return structure(in).causal;
}
bool is_not_causal(const DenseInputs& in) {
    return !structure(in).causal;
}
bool masks(const DenseInputs& in) {
    return is_causal(in) || has_array(in) || !structure(in).key_lengths.empty() ||
           structure(in).window_left || structure(in).window_right;
}
bool pads(const DenseInputs& in) {
    return !structure(in).key_lengths.empty();
}
bool has_window(const DenseInputs& in) {
    return structure(in).window_left || structure(in).window_right;
}
bool has_window_behind(const DenseInputs& in) {
    return structure(in).window_left.value_or(0) > 0;
}
bool has_bias(const DenseInputs& in) {
    const MaskOptions<double>& mask = options(in).mask;
    return !mask.bias.empty() || !mask.alibi.empty() || !mask.relative.empty();
}
std::size_t queries_of(const DenseInputs& in) {
    return projects(in) ? in.x->extent(1) : in.q->view.tokens;
}
std::size_t keys_of(const DenseInputs& in) {
    const std::size_t past = options(in).past_key.empty() ? 0 : options(in).past_key.extent(2);
    if (!projects(in)) return past + in.k->view.tokens;
    return past + (in.context == nullptr ? in.x : in.context)->extent(1);
}
bool is_square(const DenseInputs& in) {
    return queries_of(in) == keys_of(in);
}
bool aligns(const DenseInputs& in) {
    return (is_causal(in) || has_window(in)) && (!is_square(in) || pads(in));
}
bool has_own_scale(const DenseInputs& in) {
    return std::abs(scale_of(in) * std::sqrt(d_head(in)) - 1) > 1e-6;
}
bool has_sink(const DenseInputs& in) {
    return !options(in).sinks.empty();
}

constexpr const char* kFiniteMask =
    "What masks must be -inf, or torch.finfo(dtype).min: a smaller number leaves masked keys a "
    "share, and lets rows attend that have no key.";

}  // namespace

double scale_of(const DenseInputs& inputs) {
    return options(inputs).scale.value_or(default_scale(width_of_head(inputs)));
}

const std::vector<Hypothesis>& hypotheses() {
    using In = const DenseInputs&;
    using Do = Mistakes&;
    static const std::vector<Hypothesis> table{
        {"W transposed", Part::projection, has_square_weights,
         [](In, Do m) { m.transposed_weights = true; },
         "nn.Linear keeps its matrix as [out, in] and computes x @ W.T; transpose one of the two."},
        {"bias missing", Part::projection, has_biases, [](In, Do m) { m.missing_biases = true; },
         "Add b_Q, b_K, b_V and b_O after the products."},
        {"norm in front missing", Part::input, [](In in) { return in.x_before_norm != nullptr; },
         [](In, Do m) { m.missing_input_norm = true; },
         "The layer reads the normalised hidden state, not the residual stream."},
        {"another epsilon in the norm", Part::input, [](In in) { return in.input_norm != nullptr; },
         [](In, Do) {}, "Compare the epsilon that the norm in front adds to the variance.",
         Fit::epsilon},
        {"another epsilon in all norms", Part::input,
         [](In in) { return in.hidden_with_epsilon != nullptr; },
         [](In, Do m) { m.epsilon_everywhere = true; },
         "Compare the epsilon of this layer's norms and of those before it, embeddings included "
         "(--norm-eps).",
         Fit::epsilon_everywhere},
        {"scaled input", Part::input, always, [](In, Do) {},
         "What goes into attention is multiplied by a number: compare the embeddings, and the gain "
         "of the norm in front.",
         Fit::input_factor},
        {"norms of queries and keys missing", Part::head_norms, has_head_norms,
         [](In, Do m) { m.missing_head_norms = true; },
         "Normalise each head's queries and keys before they are turned."},
        {"keys and values swapped", Part::values, has_values_like_keys,
         [](In, Do m) { m.swapped_keys_and_values = true; },
         "Check the order in which queries, keys and values are cut out of a fused matrix."},
        {"heads split by reshape", Part::heads,
         [](In in) { return projects(in) && has_several_heads(in); },
         [](In, Do m) { m.heads_by_reshape = true; },
         "Use view(batch, n, heads, d).transpose(1, 2), not view(batch, heads, n, d)."},
        {"rotary positions missing", Part::rotary, turns, [](In, Do m) { m.missing_rotary = true; },
         "Turn queries and keys by their positions before the product."},
        {"rotary positions of the keys missing", Part::rotary, turns,
         [](In, Do m) { m.unturned_keys = true; },
         "Turn the keys, too, before they go into the cache: only queries were."},
        {"rotary theta left at 10000", Part::rotary, has_other_theta,
         [](In, Do m) { m.rotary_theta = kUsualTheta; },
         "Take rope_theta and rope_scaling from the model's configuration."},
        {"rotary stretch ignored", Part::rotary, stretches,
         [](In in, Do m) { m.rotary_theta = theta_of(in); },
         "Take rope_scaling from the model's configuration."},
        {"rotary positions start again at 0", Part::rotary, turns_behind_cache,
         [](In, Do m) { m.positions_from_0 = true; },
         "Behind a cache positions go on from its length."},
        {"rotary pairs swapped", Part::rotary, turns, [](In, Do m) { m.other_rotary_pairs = true; },
         "Llama and GPT-NeoX pair k with k + d/2, GPT-J and Meta's own files pair 2k with 2k + 1."},
        {"key/value heads in the other order", Part::key_heads, groups_heads,
         [](In, Do m) { m.other_kv_order = true; },
         "Repeat key/value heads with repeat_interleave, not repeat: head h reads h / group."},
        {"queries and keys swapped", Part::key_heads,
         [](In in) { return is_square(in) && kv_heads_of(in) == heads_of(in); },
         [](In, Do m) { m.swapped_queries_and_keys = true; },
         "The scores are q @ k.T: row i holds what query i finds."},
        {"no scale", Part::scale, always, [](In, Do m) { m.scale = 1; },
         "Multiply the scores with 1 / sqrt(d_head)."},
        {"scaled by 1 / d_head", Part::scale, always, [](In in, Do m) { m.scale = 1 / d_head(in); },
         "The factor is 1 / sqrt(d_head), not 1 / d_head."},
        {"scaled twice", Part::scale, always,
         [](In in, Do m) { m.scale = scale_of(in) * scale_of(in); },
         "Scale the queries or the scores, not both."},
        {"scaled by 1 / sqrt(d_model)", Part::scale, has_several_heads,
         [](In in, Do m) {
             m.scale = 1 / std::sqrt(d_head(in) * static_cast<double>(heads_of(in)));
         },
         "The width under the root is that of one head, not that of the model."},
        {"multiplied by sqrt(d_head)", Part::scale, always,
         [](In in, Do m) { m.scale = std::sqrt(d_head(in)); },
         "Divide by sqrt(d_head) instead of multiplying."},
        {"scaled by 1 / sqrt(d_head)", Part::scale, has_own_scale,
         [](In in, Do m) { m.scale = 1 / std::sqrt(d_head(in)); },
         "The usual factor is not this model's: T5 does not scale its scores (scale=1.0), Gemma 2 "
         "takes 1 / sqrt(query_pre_attn_scalar)."},
        {"another scale", Part::scale, always, [](In, Do) {},
         "Compare the factor of the scores with --scale.", Fit::scale},
        {"softcap missing", Part::softcap, caps, [](In, Do m) { m.missing_softcap = true; },
         "Apply cap * tanh(score / cap) to the scaled scores."},
        {"another softcap", Part::softcap, caps, [](In, Do) {},
         "Compare the cap of the scores with --softcap: Gemma 2 has another one for its logits.",
         Fit::softcap},
        {"softcap after the mask", Part::softcap, caps,
         [](In, Do m) { m.softcap_after_mask = true; },
         "Cap first, then mask: a capped -inf is only -cap, and masked keys leak."},
        {"causal mask missing", Part::mask, is_causal, [](In, Do m) { m.causal = false; },
         "Keys after the query must be masked before softmax."},
        {"a causal mask that was not asked for", Part::mask, is_not_causal,
         [](In, Do m) { m.causal = true; },
         "The other side masks keys after the query; give --causal if that is right."},
        {"mask off by one: the query cannot see itself", Part::mask, is_causal,
         [](In, Do m) { m.shift = -1; }, "The diagonal belongs to the query: tril(0), triu(1)."},
        {"mask off by one: the query sees the next key", Part::mask, is_causal,
         [](In, Do m) { m.shift = 1; }, "The first masked diagonal is 1, not 2."},
        {"causal alignment at the other end", Part::mask, aligns,
         [](In, Do m) { m.other_alignment = true; },
         "PyTorch and ONNX align query 0 with key 0, flash-attention and MLX the last query with "
         "the last key (--query-offset end)."},
        {"padding ignored", Part::mask, pads, [](In, Do m) { m.ignored_padding = true; },
         "Mask the keys behind the length of each sequence."},
        {"window ignored", Part::mask, has_window, [](In, Do m) { m.ignored_window = true; },
         "Mask the keys outside of the sliding window."},
        {"window one key too long", Part::mask, has_window_behind,
         [](In, Do m) { m.window_shift = 1; },
         "A window of W keys holds the query itself and W - 1 before it (--window W-1,0)."},
        {"window one key too short", Part::mask, has_window_behind,
         [](In, Do m) { m.window_shift = -1; },
         "Compare the window with --window, which counts the keys before the query."},
        {"mask array ignored", Part::mask, has_array, [](In, Do m) { m.ignored_mask = true; },
         "The mask does not reach the scores."},
        {"mask polarity", Part::mask, has_array, [](In, Do m) { m.inverted_mask_array = true; },
         "True means 'may attend' in scaled_dot_product_attention, 'ignore' in "
         "nn.MultiheadAttention."},
        {"mask inverted", Part::mask, masks, [](In, Do m) { m.inverted_mask = true; },
         "What should be masked is kept and the rest is masked."},
        {"mask transposed", Part::mask, [](In in) { return masks(in) && is_square(in); },
         [](In, Do m) { m.transposed_mask = true; },
         "Rows of the mask are queries and columns are keys: keep tril, mask triu."},
        {"masked scores are 0", Part::mask, masks, [](In, Do m) { m.zeros_for_masked = true; },
         "Fill them with -inf: scores that are multiplied with the mask, or filled with 1e-9 for "
         "-1e9, stay in softmax as zeros."},
        {"a finite number added for the mask", Part::mask, masks, [](In, Do) {}, kFiniteMask,
         Fit::mask_value},
        {"masked scores filled with a finite number", Part::mask, masks,
         [](In, Do m) { m.fills_mask = true; }, kFiniteMask, Fit::mask_value},
        {"mask of 0 and 1 added", Part::mask, masks, [](In, Do m) { m.ones_for_allowed = true; },
         "What is added to the scores must be 0 and -inf; use masked_fill with a mask of "
         "booleans."},
        {"mask after softmax", Part::mask, masks, [](In, Do m) { m.mask_after_softmax = true; },
         "Mask the scores with -inf before softmax; zeros afterwards leave rows below 1."},
        {"bias of the scores missing", Part::bias, has_bias,
         [](In, Do m) { m.ignored_bias = true; },
         "Add the position bias (bias, ALiBi, relative) to the scores."},
        {"bias of the scores with the other sign", Part::bias, has_bias,
         [](In, Do m) { m.bias_factor = -1; },
         "ALiBi lowers the scores of keys that are far away."},
        {"bias added before the scale", Part::bias,
         [](In in) { return has_bias(in) && scale_of(in) != 1; },
         [](In in, Do m) { m.bias_factor = scale_of(in); },
         "Scale the product of queries and keys first, then add the bias."},
        {"bias of the scores times a number", Part::bias, has_bias, [](In, Do) {},
         "The bias is added once, as it is: compare its slopes or its table, and what multiplies "
         "the scores after it was added.",
         Fit::bias_factor},
        {"softmax over the queries", Part::softmax, always,
         [](In, Do m) { m.axis = SoftmaxAxis::queries; },
         "Softmax runs over the keys, dim=-1: rows must sum to one, not columns."},
        {"softmax over the heads", Part::softmax, has_several_heads,
         [](In, Do m) { m.axis = SoftmaxAxis::heads; },
         "Softmax runs over the keys, dim=-1, not over the axis of heads."},
        {"softmax applied twice", Part::softmax, always, [](In, Do m) { m.softmax_twice = true; },
         "The weights are probabilities already; drop the second softmax."},
        {"sink left out", Part::sink, has_sink, [](In, Do m) { m.missing_sink = true; },
         "The sink's logit belongs to the denominator."},
        {"sink column dropped", Part::sink, [](In in) { return !has_sink(in); }, [](In, Do) {},
         "A column of sinks took part in softmax and was cut off: rows sum to less than one; give "
         "--sink if that is right.",
         Fit::sink},
        {"NaN in rows without a key", Part::rows, masks,
         [](In, Do m) { m.nan_without_keys = true; },
         "Softmax over nothing is 0 / 0: where the mask leaves a query no key, give zeros, or do "
         "not ask for that row."},
        {"matrix transposed", Part::saved, is_square, [](In, Do m) { m.transposed = true; },
         "Queries are rows and keys are columns."},
        {"dropout left on", Part::saved, always, [](In, Do) {},
         "Switch the model to evaluation: model.eval(), dropout_p=0.", Fit::dropout},
        {"half-precision rounding", Part::arithmetic, always, [](In, Do) {},
         "Numbers were rounded on the way; compute scores and softmax in float32.", Fit::rounding},
    };
    return table;
}

}  // namespace attn::analysis
