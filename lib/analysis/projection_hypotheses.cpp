// Mistakes in how queries, keys and values are made, and in what is made of the contexts.
#include "analysis/hypotheses.hpp"
#include "analysis/hypothesis_conditions.hpp"
#include "analysis/reading.hpp"

namespace attn::analysis {

std::vector<Hypothesis> projection_hypotheses() {
    using namespace given;
    using In = const DenseInputs&;
    using Do = Mistakes&;
    return {
        {"W transposed", Part::projection, has_square_weights,
         [](In, Do m) { m.transposed_weights = true; },
         "nn.Linear keeps its matrix as [out, in] and computes x @ W.T; transpose one of the two.",
         reading::kLinear},
        {"bias missing", Part::projection, has_biases, [](In, Do m) { m.missing_biases = true; },
         "Add b_Q, b_K, b_V and b_O after the products: F.linear(x, W, b), not F.linear(x, W).",
         reading::kLinear},
        {"b_Q missing", Part::projection,
         [](In in) { return has_several_biases(in) && !in.weights->b_Q.empty(); },
         [](In, Do m) { m.missing_b_Q = true; },
         "Queries have a bias: nn.Linear(d_model, d_model, bias=True), q = x @ W_Q + b_Q.",
         reading::kLinear},
        {"b_K missing", Part::projection,
         [](In in) { return has_several_biases(in) && !in.weights->b_K.empty(); },
         [](In, Do m) { m.missing_b_K = true; },
         "Keys have a bias: k = x @ W_K + b_K; only Whisper's k_proj has bias=False.",
         reading::kLinear},
        {"b_V missing", Part::projection,
         [](In in) {
             return has_several_biases(in) && in.wants_output && !in.weights->b_V.empty();
         },
         [](In, Do m) { m.missing_b_V = true; },
         "Values have a bias: v = x @ W_V + b_V, which comes out of attention as it is.",
         reading::kLinear},
        {"b_O missing", Part::projection,
         [](In in) {
             return has_several_biases(in) && in.wants_output && !in.weights->b_O.empty();
         },
         [](In, Do m) { m.missing_b_O = true; },
         "The output has a bias: out = contexts @ W_O + b_O (out_proj.bias, c_proj.bias).",
         reading::kLinear},
        {"biases of queries, keys and values missing", Part::projection, has_projection_biases,
         [](In, Do m) { m.missing_b_Q = m.missing_b_K = m.missing_b_V = true; },
         "nn.MultiheadAttention keeps them in in_proj_bias, Qwen 2 in q_proj.bias and so on; load "
         "them beside the weights.",
         reading::kMultihead},
        {"W_O missing", Part::merging, has_square_W_O, [](In, Do m) { m.missing_W_O = true; },
         "What attention returns is still to go through the output projection: "
         "out_proj(contexts), not contexts.",
         reading::kHeads},
        {"W_O transposed", Part::merging, has_square_W_O, [](In, Do m) { m.transposed_W_O = true; },
         "nn.Linear keeps W_O as [out, in]: contexts @ out_proj.weight.T, not @ out_proj.weight.",
         reading::kLinear},
        {"residual added to the output", Part::merging, adds_residual,
         [](In, Do m) { m.added_residual = true; },
         "The output of attention was saved after x = x + attn(norm(x)); save attn(norm(x)).",
         reading::kResidual},
        {"heads merged without transpose", Part::merging, merges_heads,
         [](In, Do m) { m.merge = Merge::without_transpose; },
         "(attn @ v).transpose(1, 2).reshape(batch, n, d_model), not (attn @ v).reshape(batch, n, "
         "d_model).",
         reading::kView},
        {"heads merged with their dimensions outside", Part::merging, merges_heads,
         [](In, Do m) { m.merge = Merge::dimensions_outside; },
         "A token's numbers are head 0's, then head 1's: transpose(1, 2), not permute(0, 2, 3, "
         "1), before reshape; in einops '(h d)', not '(d h)'.",
         reading::kView},
        {"norm in front missing", Part::input, [](In in) { return in.x_before_norm != nullptr; },
         [](In, Do m) { m.missing_input_norm = true; },
         "The layer reads the normalised hidden state, not the residual stream: attn(norm(x)), not "
         "attn(x).",
         reading::kNormInFront},
        {"weight of the norm in front missing", Part::input, has_norm_weight,
         [](In, Do m) { m.missing_norm_weight = true; },
         "Multiply with the norm's weight after dividing: normed * self.weight.",
         reading::kLayerNorm},
        {"1 missing in the weight of the norm in front", Part::input, has_norm_weight,
         [](In, Do m) { m.norm_weight_plus = -1; },
         "Gemma keeps weight - 1: normed * (1 + self.weight), not normed * self.weight.",
         reading::kGemmaNorm},
        {"1 added to the weight of the norm in front", Part::input, has_norm_weight,
         [](In, Do m) { m.norm_weight_plus = 1; },
         "Only Gemma keeps weight - 1: normed * self.weight, not normed * (1 + self.weight).",
         reading::kGemmaNorm},
        {"another kind of norm in front", Part::input, has_input_norm,
         [](In, Do m) { m.other_norm_kind = true; },
         "LayerNorm takes the mean away, RMSNorm does not: nn.LayerNorm and nn.RMSNorm.",
         reading::kRmsNorm},
        {"another epsilon in the norm", Part::input, [](In in) { return in.input_norm != nullptr; },
         [](In, Do) {},
         "Compare the epsilon that the norm in front adds to the variance. d_model times as much: "
         "the embeddings were not multiplied by sqrt(d_model), as Gemma does.",
         reading::kLayerNorm, Fit::epsilon},
        {"another epsilon in all norms", Part::input,
         [](In in) { return in.hidden_with_epsilon != nullptr; },
         [](In, Do m) { m.epsilon_everywhere = true; },
         "Compare the epsilon of this layer's norms and of those before it, embeddings included "
         "(--norm-eps).",
         reading::kLayerNorm, Fit::epsilon_everywhere},
        {"scaled input", Part::input, always, [](In, Do) {},
         "What goes into attention is multiplied by a number: compare the embeddings, and the gain "
         "of the norm in front.",
         reading::kNormInFront, Fit::input_factor},
        {"norms of queries and keys missing", Part::head_norms, has_head_norms,
         [](In, Do m) { m.missing_head_norms = true; },
         "Normalise each head's queries and keys before they are rotated: apply_rotary(q_norm(q)), "
         "not apply_rotary(q).",
         reading::kHeadNorms},
        {"queries and keys normalised after they are turned", Part::head_norms, rotates_normed,
         [](In, Do m) { m.norms_after_rotary = true; },
         "q_norm and k_norm come before rotary positions: apply_rotary(q_norm(q)), not "
         "q_norm(apply_rotary(q)).",
         reading::kHeadNorms},
        {"queries and keys divided by their lengths", Part::head_norms,
         [](In in) { return !has_head_norms(in); }, [](In, Do m) { m.unit_heads = true; },
         "This model has no norm of queries and keys: q @ k.mT, not F.normalize(q, dim=-1) @ "
         "F.normalize(k, dim=-1).mT.",
         reading::kHeadNorms},
        {"keys and values swapped", Part::values, has_values_like_keys,
         [](In, Do m) { m.swapped_keys_and_values = true; },
         "Check the order in which queries, keys and values are cut out of a fused matrix.",
         reading::kFused},
        {"keys and values of the token before", Part::values, has_several_new_keys,
         [](In, Do m) { m.token_shift = -1; },
         "Key j stands for token j: queries and keys are made of the same x, not of x[:, 1:] and "
         "x[:, :-1].",
         reading::kAttention},
        {"keys and values of the token after", Part::values, has_several_new_keys,
         [](In, Do m) { m.token_shift = 1; },
         "Key j stands for token j: queries and keys are made of the same x, not of x[:, :-1] and "
         "x[:, 1:].",
         reading::kAttention},
        {"sequence reversed", Part::tokens, moves_tokens,
         [](In, Do m) { m.reversed_tokens = true; },
         "Row i is token i in what goes in and in what comes out: attn(x), not attn(x.flip(1)) "
         "that is not flipped back.",
         reading::kAttention},
        {"sequence shifted by one, the last token in front", Part::tokens, moves_several_tokens,
         [](In, Do m) { m.sequence_shift = -1; },
         "Row i is token i in what goes in and in what comes out: attn(x), not attn(x.roll(1, 1)).",
         reading::kAttention},
        {"sequence shifted by one, the first token at the end", Part::tokens, moves_several_tokens,
         [](In, Do m) { m.sequence_shift = 1; },
         "Row i is token i in what goes in and in what comes out: attn(x), not attn(x.roll(-1, "
         "1)).",
         reading::kAttention},
        {"keys and values of another sequence", Part::values, has_several_sequences,
         [](In, Do m) { m.kv_of_next_sequence = true; },
         "Queries, keys and values keep the order of the batch: sort, roll or repeat_interleave "
         "all "
         "of them or none.",
         reading::kAttention},
        {"value heads in another order", Part::values, has_value_heads, [](In, Do) {},
         "Values go with the keys of their head: v = v_proj(x).view(batch, n, kv_heads, d)"
         ".transpose(1, 2), in the order of k, not v[:, order].",
         reading::kHeads, Fit::value_order},
        {"keys and values of the next layer", Part::values, has_next_layer,
         [](In, Do m) { m.keys_of_next_layer = true; },
         "Layer i reads its own cache: past_key_values[layer_idx], not "
         "past_key_values[layer_idx + 1].",
         reading::kCache},
        {"W_K and W_V of the next layer", Part::values, projects_before_next_layer,
         [](In, Do m) { m.matrices_of_next_layer = true; },
         "Load k_proj and v_proj of the layer whose q_proj it is: layers.{i}.self_attn.k_proj, not "
         "layers.{i + 1}.",
         reading::kCheckpoint},
        {"keys rounded to int8", Part::quantised, always, [](In, Do m) { m.key_levels = 127; },
         "The keys went through int8, a scale for each row: compare with the cache that is not "
         "quantised.",
         reading::kQuantised},
        {"keys rounded to int4", Part::quantised, always, [](In, Do m) { m.key_levels = 7; },
         "The keys went through int4, a scale for each row: compare with the cache that is not "
         "quantised.",
         reading::kQuantised},
        {"new keys in front of the cache", Part::cache, has_past,
         [](In, Do m) { m.cache_last = true; },
         "The cache comes first: torch.cat([past_key, key], dim=2), not torch.cat([key, "
         "past_key], dim=2).",
         reading::kCache},
        {"cache of another sequence", Part::cache, has_past_of_several,
         [](In, Do m) { m.cache_of_next = true; },
         "Reorder the cache with the batch: past.index_select(0, beam_idx).", reading::kBeams},
        {"heads in another order", Part::order,
         [](In in) { return has_several_heads(in) && (!in.wants_output || !projects(in)); },
         [](In, Do) {},
         "Head h is the h-th block of d_head columns of W_Q, W_K and W_V: check how heads are cut "
         "out "
         "and put together, and the order of a permutation or of tensor-parallel shards.",
         reading::kHeads, Fit::head_order},
        {"heads split by reshape", Part::heads,
         [](In in) { return projects(in) && has_several_heads(in); },
         [](In, Do m) { m.heads_by_reshape = true; },
         "Use view(batch, n, heads, d).transpose(1, 2), not view(batch, heads, n, d).",
         reading::kView},
        {"heads split with their dimensions outside", Part::heads,
         [](In in) { return projects(in) && has_several_heads(in); },
         [](In, Do m) { m.heads_interleaved = true; },
         "Use view(batch, n, heads, d), not view(batch, n, d, heads): a head's dimensions lie side "
         "by side; in einops '(h d)', not '(d h)'.",
         reading::kView},
        {"key/value heads in the other order", Part::key_heads, groups_heads,
         [](In, Do m) { m.other_kv_order = true; },
         "Repeat key/value heads with repeat_interleave, not repeat: head h reads h / group.",
         reading::kGroups},
        {"key/value heads in another order", Part::key_heads,
         [](In in) { return kv_heads_of(in) > 1; }, [](In, Do) {},
         "Head h reads key/value head h // group, of this layer and shard: k and v of "
         "view(batch, n, kv_heads, d).transpose(1, 2), not k[:, order], v[:, order].",
         reading::kGroups, Fit::kv_order},
        {"key/value head 0 for all heads", Part::key_heads, groups_heads,
         [](In, Do m) { m.one_kv_head = true; },
         "Head h reads key/value head h // group: k.repeat_interleave(group, 1), not k[:, :1] that "
         "is broadcast to all heads.",
         reading::kGroups},
        {"key/value heads averaged", Part::key_heads, [](In in) { return kv_heads_of(in) > 1; },
         [](In, Do) {},
         "Head h reads key/value head h // group: k.repeat_interleave(group, 1), not the mean of "
         "several, k.view(batch, -1, group, n, d).mean(2).",
         reading::kGroups, Fit::averaged_heads},
        {"queries and keys swapped", Part::key_heads,
         [](In in) { return is_square(in) && kv_heads_of(in) == heads_of(in); },
         [](In, Do m) { m.swapped_queries_and_keys = true; },
         "The scores are q @ k.T: row i holds what query i finds.", reading::kAttention},
    };
}

}  // namespace attn::analysis
