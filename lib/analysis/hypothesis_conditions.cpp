#include "analysis/hypothesis_conditions.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/hypotheses.hpp"
#include "attention/default_scale.hpp"

namespace attn::analysis {

double scale_of(const DenseInputs& inputs) {
    return inputs.options->scale.value_or(default_scale(given::width_of_head(inputs)));
}

namespace given {

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
bool rotates(const DenseInputs& in) {
    return options(in).rotary.has_value();
}
bool rotates_behind_cache(const DenseInputs& in) {
    return rotates(in) && !options(in).past_key.empty();
}

const std::vector<double>& radians_of(const DenseInputs& in) {
    return options(in).rotary->frequencies.radians;
}
double theta_of(const DenseInputs& in) {
    return options(in).rotary->frequencies.theta;
}
static bool has_other_frequencies(const DenseInputs& in, double theta) {
    const RotaryFrequencies plain = rotary_frequencies(2 * radians_of(in).size(), theta);
    const auto far = [](double a, double b) { return std::abs(a - b) > 1e-9 * a; };
    for (std::size_t pair = 0; pair < plain.radians.size(); ++pair) {
        if (far(plain.radians[pair], radians_of(in)[pair])) return true;
    }
    return far(plain.magnitude, options(in).rotary->frequencies.magnitude);
}
bool has_theta(const DenseInputs& in) {
    return rotates(in) && radians_of(in).size() > 1 && theta_of(in) > 0;
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
bool has_several_biases(const DenseInputs& in) {
    if (!projects(in)) return false;
    int count = 0;
    for (const auto* bias :
         {&in.weights->b_Q, &in.weights->b_K, &in.weights->b_V, &in.weights->b_O})
        count += bias->empty() ? 0 : 1;
    return count > 1;
}
bool has_projection_biases(const DenseInputs& in) {
    return has_several_biases(in) && !in.weights->b_O.empty();
}
bool has_W_O(const DenseInputs& in) {
    return projects(in) && !in.weights->W_O.empty() && in.wants_output;
}
bool has_square_W_O(const DenseInputs& in) {
    return has_W_O(in) && in.weights->W_O.extent(0) == in.weights->W_O.extent(1);
}
bool adds_residual(const DenseInputs& in) {
    if (!projects(in) || !in.wants_output) return false;
    const ProjectionWeights<double>& w = *in.weights;
    const std::size_t width = w.W_O.empty() ? output_width(w.W_V, w.order) / w.kv_heads * w.heads
                                            : output_width(w.W_O, w.order);
    return width == in.x->extent(2);
}
bool merges_heads(const DenseInputs& in) {
    return in.wants_output && has_several_heads(in);
}
bool has_norm_weight(const DenseInputs& in) {
    return in.input_norm != nullptr && in.x_before_norm != nullptr &&
           !in.input_norm->weight.empty();
}
bool has_input_norm(const DenseInputs& in) {
    return in.input_norm != nullptr && in.x_before_norm != nullptr;
}
bool rotates_normed(const DenseInputs& in) {
    return rotates(in) && has_head_norms(in);
}
bool rotates_in_part(const DenseInputs& in) {
    return has_theta(in) && 2 * radians_of(in).size() < width_of_head(in) && !stretches(in) &&
           width_of_head(in) % 2 == 0;
}
bool rotates_even_pairs(const DenseInputs& in) {
    return has_theta(in) && radians_of(in).size() % 2 == 0 && !stretches(in);
}
bool rotates_several_pairs(const DenseInputs& in) {
    return rotates(in) && radians_of(in).size() > 1;
}
bool rotates_values(const DenseInputs& in) {
    if (!rotates(in) || !in.wants_output) return false;
    const std::size_t width =
        projects(in) ? output_width(in.weights->W_V, in.weights->order) / in.weights->kv_heads
                     : in.v->view.width;
    return width >= 2 * radians_of(in).size();
}
bool has_past(const DenseInputs& in) {
    return !options(in).past_key.empty();
}
bool has_past_of_several(const DenseInputs& in) {
    return has_past(in) && options(in).past_key.extent(0) > 1;
}
bool has_several_new_keys(const DenseInputs& in) {
    return keys_of(in) - (has_past(in) ? options(in).past_key.extent(2) : 0) > 1;
}
bool has_several_lengths(const DenseInputs& in) {
    const std::vector<std::size_t>& lengths = structure(in).key_lengths;
    return std::any_of(lengths.begin(), lengths.end(),
                       [&](std::size_t length) { return length != lengths[0]; });
}
bool has_window_right(const DenseInputs& in) {
    return structure(in).window_right.has_value();
}
bool has_window_right_of(const DenseInputs& in) {
    return structure(in).window_right.value_or(0) > 0;
}
bool has_bias_by_head(const DenseInputs& in) {
    return has_bias(in) && has_several_heads(in);
}
bool has_bias_to_transpose(const DenseInputs& in) {
    const MaskOptions<double>& mask = options(in).mask;
    return is_square(in) && (!mask.bias.empty() || !mask.relative.empty());
}
bool has_relative(const DenseInputs& in) {
    return !options(in).mask.relative.empty();
}
bool has_alibi(const DenseInputs& in) {
    return !options(in).mask.alibi.empty();
}
bool sees_behind(const DenseInputs& in) {
    return has_alibi(in) && !is_causal(in);
}
bool has_several_sequences(const DenseInputs& in) {
    return (in.x != nullptr ? in.x->extent(0) : in.q->view.batch) > 1;
}
bool has_causal_window(const DenseInputs& in) {
    return is_causal(in) && structure(in).window_left && queries_of(in) > 1;
}
bool has_value_heads(const DenseInputs& in) {
    return in.wants_output && kv_heads_of(in) > 1;
}
bool has_next_layer(const DenseInputs& in) {
    return static_cast<bool>(in.next_layer);
}
bool projects_before_next_layer(const DenseInputs& in) {
    return projects(in) && has_next_layer(in);
}
bool has_window_before_end(const DenseInputs& in) {
    return structure(in).window_left && queries_of(in) > 1;
}
bool has_other_relative(const DenseInputs& in) {
    return has_relative(in) && !in.other_relative.empty();
}
bool has_several_keys(const DenseInputs& in) {
    return keys_of(in) > 1;
}
bool has_matrices(const DenseInputs& in) {
    return has_several_keys(in) && !in.wants_output;
}
// Queries and new keys are of the same tokens.
bool moves_tokens(const DenseInputs& in) {
    const std::size_t past = has_past(in) ? options(in).past_key.extent(2) : 0;
    return in.context == nullptr && queries_of(in) == keys_of(in) - past && queries_of(in) > 1;
}
// Two tokens look the same shifted and reversed.
bool moves_several_tokens(const DenseInputs& in) {
    return moves_tokens(in) && queries_of(in) > 2;
}
// A head's query and key that are turned alike have the product of those that are not turned.
bool tells_heads_by_angles(const DenseInputs& in) {
    return rotates(in) &&
           (kv_heads_of(in) < heads_of(in) || (has_past(in) && has_several_heads(in)));
}
bool adds_to_scores(const DenseInputs& in) {
    return has_bias(in) || caps(in) || has_sink(in) || !options(in).mask.added.empty();
}

}  // namespace given
}  // namespace attn::analysis
