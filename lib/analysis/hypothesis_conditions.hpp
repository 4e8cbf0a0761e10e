// When a mistake is possible: what there is in the inputs that it could change. And the sizes that
// the rows of the tables compute with.
#pragma once

#include <cstddef>
#include <vector>

#include "analysis/dense_attention.hpp"

namespace attn::analysis::given {

constexpr double kUsualTheta = 10000;

bool always(const DenseInputs&);
const AttentionOptions<double>& options(const DenseInputs& in);
const MaskStructure& structure(const DenseInputs& in);
std::size_t width_of_head(const DenseInputs& in);
double d_head(const DenseInputs& in);
bool projects(const DenseInputs& in);
bool has_biases(const DenseInputs& in);
bool has_head_norms(const DenseInputs& in);
bool has_values_like_keys(const DenseInputs& in);
bool has_square_weights(const DenseInputs& in);
bool rotates(const DenseInputs& in);
bool rotates_behind_cache(const DenseInputs& in);
// Radians a position of each pair that is rotated; where rotates().
const std::vector<double>& radians_of(const DenseInputs& in);
double theta_of(const DenseInputs& in);
bool has_theta(const DenseInputs& in);
bool has_other_theta(const DenseInputs& in);
bool stretches(const DenseInputs& in);
std::size_t heads_of(const DenseInputs& in);
bool has_several_heads(const DenseInputs& in);
std::size_t kv_heads_of(const DenseInputs& in);
bool groups_heads(const DenseInputs& in);
bool caps(const DenseInputs& in);
bool has_array(const DenseInputs& in);
bool is_causal(const DenseInputs& in);
bool is_not_causal(const DenseInputs& in);
bool masks(const DenseInputs& in);
bool pads(const DenseInputs& in);
bool has_window(const DenseInputs& in);
bool has_window_behind(const DenseInputs& in);
bool has_bias(const DenseInputs& in);
std::size_t queries_of(const DenseInputs& in);
std::size_t keys_of(const DenseInputs& in);
bool is_square(const DenseInputs& in);
bool aligns(const DenseInputs& in);
bool has_own_scale(const DenseInputs& in);
bool has_sink(const DenseInputs& in);
bool has_several_biases(const DenseInputs& in);
bool has_projection_biases(const DenseInputs& in);
bool has_W_O(const DenseInputs& in);
bool has_square_W_O(const DenseInputs& in);
bool adds_residual(const DenseInputs& in);
bool merges_heads(const DenseInputs& in);
bool has_norm_weight(const DenseInputs& in);
bool has_input_norm(const DenseInputs& in);
bool rotates_normed(const DenseInputs& in);
bool rotates_in_part(const DenseInputs& in);
bool rotates_even_pairs(const DenseInputs& in);
bool rotates_several_pairs(const DenseInputs& in);
bool rotates_values(const DenseInputs& in);
bool has_past(const DenseInputs& in);
bool has_past_of_several(const DenseInputs& in);
bool has_several_new_keys(const DenseInputs& in);
bool has_several_lengths(const DenseInputs& in);
bool has_window_right(const DenseInputs& in);
bool has_window_right_of(const DenseInputs& in);
bool has_bias_by_head(const DenseInputs& in);
bool has_bias_to_transpose(const DenseInputs& in);
bool has_relative(const DenseInputs& in);
bool has_alibi(const DenseInputs& in);
bool sees_behind(const DenseInputs& in);
bool has_several_sequences(const DenseInputs& in);
bool has_causal_window(const DenseInputs& in);
bool has_value_heads(const DenseInputs& in);
bool has_next_layer(const DenseInputs& in);
bool projects_before_next_layer(const DenseInputs& in);
bool has_window_before_end(const DenseInputs& in);
bool has_other_relative(const DenseInputs& in);
bool has_several_keys(const DenseInputs& in);
bool has_matrices(const DenseInputs& in);
bool moves_tokens(const DenseInputs& in);
bool moves_several_tokens(const DenseInputs& in);
bool tells_heads_by_angles(const DenseInputs& in);
bool adds_to_scores(const DenseInputs& in);

}  // namespace attn::analysis::given
