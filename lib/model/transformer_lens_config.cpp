// TransformerLens' cfg, saved as config.json.
#include <cmath>

#include "core/error.hpp"
#include "model/family_lists.hpp"

namespace attn::model {
namespace {

// -1 in its counts and numbers means that they are not set.
bool is_unset(const ConfigValue& value) {
    const double* number = std::get_if<double>(&value.content());
    return value.is_null() || (number != nullptr && *number == -1);
}

ConfigKey unless_unset(const ConfigKey& key) {
    ConfigKey result = key;
    result.read = [key](const ConfigValue& value, ModelConfig& config) {
        if (!is_unset(value)) key.read(value, config);
    };
    return result;
}

// What the scores are divided by; -1: by sqrt(d_head).
void read_scale(const ConfigValue& value, ModelConfig& config) {
    config.scale = 1 / value.real(RealRange::positive());
    config.keys["scale"] = value.key();
}

void read_use_scale(const ConfigValue& value, ModelConfig& config) {
    if (value.is_null() || value.truth()) return;
    config.scale = 1;
    config.keys["scale"] = value.key();
}

// LN and RMS keep their arrays; LNPre and RMSPre have folded them into the matrices behind.
void read_norm(const ConfigValue& value, ModelConfig& config) {
    config.keys["norm"] = value.key();
    config.norm = std::nullopt;
    config.norms_are_bare = false;
    if (value.is_null()) return;
    const std::string& kind = value.text();
    if (kind != "LN" && kind != "LNPre" && kind != "RMS" && kind != "RMSPre") {
        refuse_attention(value, "another norm than LN, LNPre, RMS and RMSPre", config);
        return;
    }
    config.norm = kind[0] == 'L' ? NormKind::layer : NormKind::rms;
    config.norms_are_bare = kind.size() > 3;
}

void read_final_norm(const ConfigValue& value, ModelConfig& config) {
    if (!value.is_null() && value.truth() && config.norm == NormKind::layer)
        refuse_block(value, "another norm behind the last layer", config);
}

void read_direction(const ConfigValue& value, ModelConfig& config) {
    if (value.is_null()) return;
    const std::string& direction = value.text();
    if (direction != "causal" && direction != "bidirectional")
        fail(value.path(), ": \"", value.key(),
             "\" must be \"causal\" or \"bidirectional\", it is ", value.json());
    config.causal = direction == "causal";
    config.keys["causal"] = value.key();
}

void read_positions(const ConfigValue& value, ModelConfig& config) {
    if (value.is_null()) return;
    const std::string& kind = value.text();
    if (kind != "standard" && kind != "rotary")
        refuse_attention(value, "positions that are neither a table nor rotary", config);
    config.positions_turn = kind == "rotary";
    config.keys["positions"] = value.key();
}

void read_local(const ConfigValue& value, ModelConfig& config) {
    if (!value.is_null()) config.raw.window_on = value.truth();
}

void read_types(const ConfigValue& value, ModelConfig& config) {
    if (value.is_null()) return;
    for (const std::string& type : value.texts()) {
        if (type != "global" && type != "local")
            refuse_attention(value, "layers of type \"" + type + "\"", config);
        config.window_layers.push_back(type == "local");
    }
    config.keys["layer_types"] = value.key();
}

void read_attention_only(const ConfigValue& value, ModelConfig& config) {
    if (value.is_null()) return;
    claim(value, !value.truth(), {"W_in", "W_out"}, config);
}

void finish(ModelConfig& config) {
    if (!config.raw.window_on.value_or(false)) {
        config.window = std::nullopt;
        config.window_layers.clear();
    } else if (!config.window || config.window_layers.empty()) {
        refuse_attention("\"use_local_attn\" without \"window_size\" and \"attn_types\"", config);
    }
    if (!config.positions_turn.value_or(false)) config.rotary_dim = std::nullopt;
    if (!config.raw.any) return;
    const bool arrays = config.norm && !config.norms_are_bare.value_or(false);
    config.claims.push_back({arrays ? "norms with arrays (normalization_type LN or RMS)"
                                    : "norms without arrays (normalization_type)",
                             arrays,
                             {"before_attention.weight"}});
}

}  // namespace

FamilyConfig transformer_lens_config() {
    FamilyConfig family;
    family.defaults = [](ModelConfig& config) {
        config.norm = NormKind::layer;
        config.positions_turn = false;
    };
    family.assumed = {{"norm", "normalization_type LN"},
                      {"positions", "positional_embedding_type standard"}};
    family.keys = {
        unless_unset(size_key("n_heads", "heads", &ModelConfig::heads)),
        unless_unset(size_key("n_key_value_heads", "kv_heads", &ModelConfig::kv_heads)),
        unless_unset(size_key("n_layers", "layers", &ModelConfig::layers)),
        unless_unset(size_key("d_model", "d_model", &ModelConfig::d_model)),
        unless_unset(size_key("d_head", "d_head", &ModelConfig::d_head)),
        unless_unset(size_key("d_mlp", "d_hidden", &ModelConfig::d_hidden)),
        unless_unset(size_key("d_vocab", "vocabulary", &ModelConfig::vocabulary)),
        unless_unset(ConfigKey{"attn_scale", read_scale}),
        {"use_attn_scale", read_use_scale},
        only_key("scale_attn_by_inverse_layer_idx", false, "a scale of its own in each layer"),
        unless_unset(real_key("attn_scores_soft_cap", "softcap", &ModelConfig::softcap)),
        unless_unset(
            real_key("output_logits_soft_cap", "logit_softcap", &ModelConfig::logit_softcap)),
        {"attention_dir", read_direction},
        {"normalization_type", read_norm},
        {"final_rms", read_final_norm},
        real_key("eps", "epsilon", &ModelConfig::epsilon),
        only_key("rmsnorm_uses_offset", false, "1 is added to the norms' weights"),
        only_key("use_normalization_before_and_after", false, "norms behind each part"),
        only_key("post_embedding_ln", false, "a norm behind the embeddings"),
        only_key("use_qk_norm", false, "normalised queries and keys"),
        activation_key("act_fn"),
        {"attn_only", read_attention_only},
        claim_key("gated_mlp", {"W_gate"}),
        truth_key("parallel_attn_mlp", "parallel", &ModelConfig::parallel),
        {"positional_embedding_type", read_positions},
        unless_unset(count_key("rotary_dim", "rotary_dim", &ModelConfig::rotary_dim)),
        real_key("rotary_base", "rope_theta", &ModelConfig::rope_theta),
        truth_key("rotary_adjacent_pairs", "pairs", &ModelConfig::rotary_interleaved),
        only_key("rotary_base_local", ConfigValue::Other{"null"}, "another theta in local layers"),
        only_key("rotary_scaling_factor", 1.0, "stretched rotary positions"),
        only_key("use_NTK_by_parts_rope", false, "stretched rotary positions"),
        only_key("use_yarn_rope", false, "stretched rotary positions"),
        {"use_local_attn", read_local},
        unless_unset(count_key("window_size", "window", &ModelConfig::window)),
        {"attn_types", read_types},
        only_key("num_experts", ConfigValue::Other{"null"}, "a mixture of experts"),
    };
    // How hooks work, how the model was made, and what matters only beside a key above.
    family.ignored = {"use_attn_result",
                      "use_attn_in",
                      "use_split_qkv_input",
                      "use_hook_mlp_in",
                      "use_hook_tokens",
                      "ungroup_grouped_query_attention",
                      "default_prepend_bos",
                      "tokenizer_prepends_bos",
                      "original_architecture",
                      "from_checkpoint",
                      "init_mode",
                      "init_weights",
                      "n_devices",
                      "n_params",
                      "d_vocab_out",
                      "trust_remote_code",
                      "load_in_4bit",
                      "experts_per_token",
                      "relative_attention_max_distance",
                      "relative_attention_num_buckets",
                      "NTK_by_parts_low_freq_factor",
                      "NTK_by_parts_high_freq_factor",
                      "NTK_by_parts_factor",
                      "NTK_original_ctx_len"};
    family.finish = finish;
    return family;
}

}  // namespace attn::model
