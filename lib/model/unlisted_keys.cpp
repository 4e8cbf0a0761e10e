// Keys that a family's own list does not name. Most say nothing about the computation; some belong
// to other families and would change it, which is told by a table and, for keys that nobody knows,
// by the words in their names.
#include <algorithm>
#include <iterator>
#include <variant>

#include "core/affix.hpp"
#include "model/config_keys.hpp"
#include "model/dotted_name.hpp"
#include "model/key_words.hpp"

namespace attn::model {
namespace {

// A key of some family, the value with which nothing changes, and what another one does.
struct ForeignKey {
    const char* name;
    const char* neutral;  // as JSON; empty: null alone
    const char* what;
};

constexpr ForeignKey kForeign[]{
    {"embedding_multiplier", "1", "it multiplies the embeddings"},
    {"scale_emb", "1", "it multiplies the embeddings"},
    {"scale_embedding", "false", "it multiplies the embeddings"},
    {"attention_multiplier", "", "it is the scale of the scores"},
    {"attn_scale", "", "it is the scale of the scores"},
    {"query_pre_attn_scalar", "", "it is the scale of the scores"},
    {"scale_attn_weights", "true", "scores without a scale"},
    {"use_attn_scale", "true", "scores without a scale"},
    {"scale_attn_by_inverse_layer_idx", "false", "a scale of its own in each layer"},
    {"residual_multiplier", "1", "it multiplies what each part adds"},
    {"scale_depth", "", "it multiplies what each part adds"},
    {"logits_scaling", "1", "it divides the logits"},
    {"logit_scale", "1", "it multiplies the logits"},
    {"dim_model_base", "", "it divides what makes the logits"},
    {"attn_logit_softcapping", "", "a soft cap of the scores"},
    {"final_logit_softcapping", "", "a soft cap of the logits"},
    {"attn_scores_soft_cap", "-1", "a soft cap of the scores"},
    {"output_logits_soft_cap", "-1", "a soft cap of the logits"},
    {"no_rope_layers", "", "layers without rotary positions"},
    {"no_rope_layer_interval", "", "layers without rotary positions"},
    {"use_nope", "false", "layers without rotary positions"},
    {"rope_interleaved", "false", "neighbouring columns rotate together"},
    {"rotary_adjacent_pairs", "false", "neighbouring columns rotate together"},
    {"partial_rotary_factor", "1", "only a part of each head rotates"},
    {"rotary_pct", "1", "only a part of each head rotates"},
    {"rotary_dim", "", "only a part of each head rotates"},
    {"use_mrope", "false", "positions of several dimensions"},
    {"alibi", "false", "ALiBi positions"},
    {"use_alibi", "false", "ALiBi positions"},
    {"relative_attention", "false", "relative positions"},
    {"position_embedding_type", "\"absolute\"", "another kind of positions"},
    {"positional_embedding_type", "\"standard\"", "another kind of positions"},
    {"use_qk_norm", "false", "normalised queries and keys"},
    {"qk_norm", "false", "normalised queries and keys"},
    {"qk_layernorm", "false", "normalised queries and keys"},
    {"clip_qkv", "", "clipped queries, keys and values"},
    {"sliding_window", "", "a window"},
    {"use_sliding_window", "false", "a window"},
    {"max_window_layers", "", "a window in some layers"},
    {"window_size", "", "a window"},
    {"use_local_attn", "false", "a window in some layers"},
    {"sliding_window_pattern", "", "a window in some layers"},
    {"_sliding_window_pattern", "", "a window in some layers"},
    {"attention_chunk_size", "", "attention inside of chunks"},
    {"causal", "", "which keys may be attended"},
    {"is_causal", "", "which keys may be attended"},
    {"is_decoder", "false", "which keys may be attended"},
    {"bidirectional", "", "which keys may be attended"},
    {"use_bidirectional_attention", "false", "which keys may be attended"},
    {"add_cross_attention", "false", "cross-attention"},
    {"multi_query", "false", "one head of keys and values"},
    {"new_decoder_architecture", "false", "another order of queries, keys and values"},
    {"parallel_attn", "false", "the feed-forward part beside the attention"},
    {"parallel_attn_mlp", "false", "the feed-forward part beside the attention"},
    {"use_parallel_residual", "false", "the feed-forward part beside the attention"},
    {"norm_first", "", "where the norms are"},
    {"do_layer_norm_before", "", "where the norms are"},
    {"num_local_experts", "0", "a mixture of experts"},
    {"num_experts", "0", "a mixture of experts"},
    {"n_routed_experts", "0", "a mixture of experts"},
    {"num_experts_per_tok", "0", "a mixture of experts"},
    {"kv_lora_rank", "", "latent keys and values"},
    {"q_lora_rank", "", "latent queries"},
    {"num_kv_shared_layers", "0", "layers that share keys and values"},
    {"attn_temperature_tuning", "false", "a scale that grows with the position"},
};

// null, [] and "" say nothing; false mostly switches off what is not there, 1 multiplies nothing.
bool says_nothing(const ConfigValue& value, const std::string& name) {
    const std::string json = value.json();
    if (json == "null" || json == "[]" || json == "\"\"" || json == "\"none\"") return true;
    if (json == "1") return has_word(name, {"multiplier", "scale", "scaling", "factor"});
    return json == "false" &&
           !has_word(name, {"causal", "rope", "rotary", "scale", "position", "positions", "pos",
                            "positional", "normalize", "norm"});
}

bool all_full(const ConfigValue& value) {
    const auto* types = std::get_if<std::vector<std::string>>(&value.content());
    return types != nullptr && std::all_of(types->begin(), types->end(), [](const auto& type) {
               return type == "full_attention";
           });
}

// [1, 1, 1]: each layer has them.
bool all_ones(const ConfigValue& value) {
    const auto* other = std::get_if<ConfigValue::Other>(&value.content());
    return other != nullptr && other->json.find_first_not_of("[1, ]") == std::string::npos;
}

}  // namespace

void judge_unlisted_key(const ConfigValue& value, const std::string& name, ModelConfig& config) {
    const auto foreign = std::find_if(std::begin(kForeign), std::end(kForeign),
                                      [&](const ForeignKey& key) { return key.name == name; });
    if (foreign != std::end(kForeign)) {
        const bool neutral = value.is_null() || value.json() == foreign->neutral ||
                             (name == "no_rope_layers" && all_ones(value));
        if (!neutral) refuse_attention(value, foreign->what, config);
        return;
    }
    if (name == "layer_types") {
        if (!value.is_null() && !all_full(value))
            refuse_attention(value, "layers of different types", config);
        return;
    }
    if (starts_with(name, "pruned_heads") && !value.is_null()) {
        refuse_attention(value, "layers that lack heads", config);
        return;
    }
    if (is_harmless_key(name) || says_nothing(value, name)) return;
    if (sounds_like_attention(name)) {
        refuse_attention(value, "a key that this family does not have", config);
    } else {
        config.not_understood.push_back(value.key());
    }
}

}  // namespace attn::model
