// Families whose positions are rotary: Llama and its relatives, Phi, GPT-NeoX.
#include <algorithm>
#include <cmath>

#include "model/family_lists.hpp"

namespace attn::model {
namespace {

const std::vector<std::string> kProjectionBiases{"b_Q", "b_K", "b_V", "b_O"};
const std::vector<std::string> kFeedForwardBiases{"b_gate", "b_in", "b_out"};
// Of families whose attention has biases where a key asks for them, and nothing else ever has.
const ArraysByKey kBiasesByAttentionBias{{"attention_bias", kProjectionBiases},
                                         {"", kFeedForwardBiases}};

// What decoders of this kind have in common. is_causal: false makes an embedding model of one, in
// newer versions of transformers; whether it "is a decoder" changes nothing.
ConfigKeys decoder_keys(const std::string& epsilon, bool partial_rotary = false,
                        bool two_kinds = false) {
    return join_keys({grouped_hub_sizes(),
                      rotary_keys(partial_rotary, two_kinds),
                      {real_key(epsilon, "epsilon", &ModelConfig::epsilon),
                       truth_key("is_causal", "causal", &ModelConfig::causal),
                       truth_key("tie_word_embeddings", "tied", &ModelConfig::tied)}});
}

ConfigKey window_key() {
    return count_key("sliding_window", "window", &ModelConfig::window);
}

// The family has one window for all layers; layer_types may say so, and nothing else.
void finish_one_window(ModelConfig& config) {
    finish_rotary(config);
    const auto differs = [&](bool has) { return has != config.window.has_value(); };
    if (std::any_of(config.window_layers.begin(), config.window_layers.end(), differs)) {
        refuse_attention(
            "\"layer_types\" that do not agree with \"sliding_window\", which this family has in "
            "all layers or in none",
            config);
    }
    config.window_layers.clear();
}

// Qwen's windows: off unless use_sliding_window, then from layer max_window_layers on, unless
// layer_types says where.
void finish_qwen(ModelConfig& config) {
    finish_rotary(config);
    if (!config.raw.window_on.value_or(false)) {
        const bool asked = std::find(config.window_layers.begin(), config.window_layers.end(),
                                     true) != config.window_layers.end();
        if (asked)
            refuse_attention("\"layer_types\" with windows while \"use_sliding_window\" is off",
                             config);
        config.window = std::nullopt;
        config.window_layers.clear();
    }
}

ConfigKeys qwen_windows() {
    return {
        window_key(),
        ConfigKey{"use_sliding_window",
                  [](const ConfigValue& value, ModelConfig& config) {
                      if (!value.is_null()) config.raw.window_on = value.truth();
                      config.keys["use_sliding_window"] = value.key();
                  }},
        count_key("max_window_layers", "first_window_layer", &ModelConfig::first_window_layer, 0),
        layer_types_key()};
}

// Gemma's configs say "gelu" here and mean the approximation by tanh.
void read_gemma_act(const ConfigValue& value, ModelConfig& config) {
    if (value.is_null() || config.keys.count("activation") != 0) return;
    if (value.text().find("gelu") != 0)
        refuse_block(value, "an activation that Gemma does not take from this key", config);
}

void read_query_scalar(const ConfigValue& value, ModelConfig& config) {
    if (value.is_null()) return;
    config.scale = 1 / std::sqrt(value.real(RealRange::positive()));
    config.keys["scale"] = value.key();
}

// What all Gemmas say of their blocks.
ConfigKeys gemma_block_keys() {
    return {activation_key("hidden_activation"), ConfigKey{"hidden_act", read_gemma_act},
            claim_key("attention_bias", kProjectionBiases)};
}

// What they say of their scores from Gemma 2 on.
ConfigKeys gemma_score_keys() {
    return {ConfigKey{"query_pre_attn_scalar", read_query_scalar},
            real_key("final_logit_softcapping", "logit_softcap", &ModelConfig::logit_softcap)};
}

// Gemma 3's config has the key, and its code does not read it.
void refuse_softcap(const ConfigValue& value, ModelConfig& config) {
    if (!value.is_null())
        refuse_attention(value, "which the code of Gemma 3 in transformers does not read", config);
}

bool is_smollm3(const ModelConfig& config) {
    return config.model_type == "smollm3";
}

// One number a layer: 1 rotates, whatever the key's name suggests. Llama's own code has no such
// key.
void read_turned_layers(const ConfigValue& value, ModelConfig& config) {
    if (value.is_null()) return;
    const std::vector<bool> rotated = value.switches();
    if (!is_smollm3(config)) {
        const bool all = std::find(rotated.begin(), rotated.end(), false) == rotated.end();
        if (!all) refuse_attention(value, "layers without rotary positions", config);
        return;
    }
    config.rotary_layers = rotated;
    config.keys["rotary_layers"] = value.key();
}

void read_turn_pause(const ConfigValue& value, ModelConfig& config) {
    if (value.is_null()) return;
    if (!is_smollm3(config)) {
        refuse_attention(value, "layers without rotary positions", config);
        return;
    }
    config.rotary_pause = value.count({1, 1'000'000});
    config.keys["rotary_pause"] = value.key();
}

// Llama's own code has no windows, whatever the file says; SmolLM3's has them in layers that do not
// rotate.
void read_window_of_unrotated(const ConfigValue& value, ModelConfig& config) {
    if (value.is_null()) return;
    if (is_smollm3(config) && value.truth())
        refuse_attention(value, "windows in layers without rotary positions", config);
    if (!is_smollm3(config)) config.ignored.push_back(value.key());
}

void finish_llama(ModelConfig& config) {
    finish_rotary(config);
    if (!is_smollm3(config)) return;
    if (!config.rotary_pause && config.rotary_layers.empty()) config.rotary_pause = 4;
    if (config.keys.count("rope_theta") == 0) config.rope_theta = 2e6;
}

// Where layer_types says it, the pattern says nothing.
void finish_gemma3(ModelConfig& config) {
    finish_rotary(config);
    if (!config.window_layers.empty()) config.keys.emplace("full_period", "layer_types");
}

// The family's configuration stretches its positions where the file does not speak of them.
void finish_gpt_oss(ModelConfig& config) {
    if (config.raw.any && config.raw.rotary_kind.empty() && !config.raw.rotary_off) {
        config.raw.rotary_kind = "yarn";
        config.raw.rotary_factor = 32;
        config.raw.rotary_original = 4096;
        config.rotary_scaling.kind = RotaryStretch::yarn;
        config.rotary_scaling.truncate = false;
        config.defaults.emplace_back("rope_scaling yarn, 32 times");
    }
    finish_rotary(config);
}

}  // namespace

ConfigKeys grouped_hub_sizes() {
    return join_keys(
        {hub_sizes(), {size_key("num_key_value_heads", "kv_heads", &ModelConfig::kv_heads)}});
}

FamilyConfig llama_config() {
    FamilyConfig family;
    family.heads = 32;
    family.heads_of = {{"smollm3", 16}};
    family.keys =
        join_keys({decoder_keys("rms_norm_eps"),
                   {activation_key("hidden_act"), claim_key("attention_bias", kProjectionBiases),
                    claim_key("mlp_bias", kFeedForwardBiases),
                    ConfigKey{"no_rope_layers", read_turned_layers},
                    ConfigKey{"no_rope_layer_interval", read_turn_pause},
                    ConfigKey{"use_sliding_window", read_window_of_unrotated}}});
    family.without = {{"attention_bias", kProjectionBiases}, {"mlp_bias", kFeedForwardBiases}};
    family.ignored = {"is_decoder", "sliding_window", "max_window_layers"};
    family.finish = finish_llama;
    return family;
}

FamilyConfig mistral_config() {
    FamilyConfig family;
    family.heads = 32;
    family.defaults = [](ModelConfig& config) { config.window = 4096; };
    family.assumed = {{"window", "sliding_window 4096"}};
    family.keys = join_keys({decoder_keys("rms_norm_eps"),
                             {activation_key("hidden_act"), window_key(), layer_types_key()}});
    family.without = {{"", kProjectionBiases}, {"", kFeedForwardBiases}};
    family.ignored = {"is_decoder"};
    family.finish = finish_one_window;
    return family;
}

FamilyConfig qwen2_config() {
    FamilyConfig family;
    family.heads = 32;
    family.defaults = [](ModelConfig& config) {
        config.window = 4096;
        config.first_window_layer = 28;
    };
    family.assumed = {{"use_sliding_window", "use_sliding_window false"},
                      {"first_window_layer", "max_window_layers 28"}};
    family.keys =
        join_keys({decoder_keys("rms_norm_eps"), {activation_key("hidden_act")}, qwen_windows()});
    family.without = {{"", {"b_O"}}, {"", kFeedForwardBiases}};
    family.ignored = {"is_decoder"};
    family.finish = finish_qwen;
    return family;
}

FamilyConfig qwen3_config() {
    FamilyConfig family = qwen2_config();
    family.keys.push_back(claim_key("attention_bias", kProjectionBiases));
    family.without = kBiasesByAttentionBias;
    return family;
}

FamilyConfig gemma_config() {
    FamilyConfig family;
    family.heads = 16;
    family.ties = true;
    family.keys = join_keys({decoder_keys("rms_norm_eps"), gemma_block_keys()});
    family.without = kBiasesByAttentionBias;
    family.ignored = {"is_decoder"};
    family.finish = finish_rotary;
    return family;
}

FamilyConfig gemma2_config() {
    FamilyConfig family = gemma_config();
    family.heads = 8;
    family.defaults = [](ModelConfig& config) {
        config.scale = 1.0 / 16;
        config.softcap = 50;
        config.logit_softcap = 30;
        config.window = 4096;
    };
    family.assumed = {{"scale", "query_pre_attn_scalar 256"},
                      {"softcap", "attn_logit_softcapping 50"},
                      {"logit_softcap", "final_logit_softcapping 30"},
                      {"window", "sliding_window 4096"}};
    family.keys = join_keys({family.keys,
                             gemma_score_keys(),
                             {real_key("attn_logit_softcapping", "softcap", &ModelConfig::softcap),
                              only_key("sliding_window_pattern", 2.0, "windows in other layers"),
                              only_key("_sliding_window_pattern", 2.0, "windows in other layers"),
                              window_key(), layer_types_key()}});
    return family;
}

FamilyConfig gemma3_config() {
    FamilyConfig family;
    family.heads = 8;
    family.ties = true;
    family.defaults = [](ModelConfig& config) {
        config.scale = 1.0 / 16;
        config.window = 4096;
        config.rope_theta = 1e6;
        config.window_theta = 1e4;
    };
    family.assumed = {{"scale", "query_pre_attn_scalar 256"},
                      {"window", "sliding_window 4096"},
                      {"full_period", "sliding_window_pattern 6"},
                      {"window_theta", "rope_local_base_freq 10000"}};
    family.keys =
        join_keys({decoder_keys("rms_norm_eps", false, true),
                   gemma_block_keys(),
                   gemma_score_keys(),
                   {ConfigKey{"attn_logit_softcapping", refuse_softcap},
                    real_key("rope_local_base_freq", "window_theta", &ModelConfig::window_theta),
                    count_key("sliding_window_pattern", "full_period", &ModelConfig::full_period),
                    count_key("_sliding_window_pattern", "full_period", &ModelConfig::full_period),
                    only_key("use_bidirectional_attention", false, "every key may be attended"),
                    window_key(), layer_types_key()}});
    family.without = kBiasesByAttentionBias;
    family.ignored = {"is_decoder"};
    family.finish = finish_gemma3;
    return family;
}

FamilyConfig gpt_oss_config() {
    FamilyConfig family;
    family.heads = 64;
    family.defaults = [](ModelConfig& config) {
        config.window = 128;
        config.rope_theta = 150000;
    };
    family.assumed = {{"window", "sliding_window 128"}};
    const ReadKey experts = [](const ConfigValue& value, ModelConfig& config) {
        if (!value.is_null()) refuse_block(value, "a mixture of experts", config);
    };
    const ReadKey scaling = [](const ConfigValue& value, ModelConfig& config) {
        if (value.is_null()) config.raw.rotary_off = true;
    };
    family.keys =
        join_keys({{ConfigKey{"rope_scaling", scaling}},
                   decoder_keys("rms_norm_eps"),
                   {activation_key("hidden_act"), claim_key("attention_bias", kProjectionBiases),
                    ConfigKey{"num_local_experts", experts}, window_key(), layer_types_key()}});
    family.ignored = {
        "is_decoder",           "num_experts_per_tok",  "experts_per_token",     "swiglu_limit",
        "router_aux_loss_coef", "output_router_logits", "initial_context_length"};
    family.finish = finish_gpt_oss;
    return family;
}

FamilyConfig phi_config() {
    FamilyConfig family;
    family.heads = 32;
    family.keys = join_keys({decoder_keys("layer_norm_eps", true),
                             {activation_key("hidden_act"),
                              only_key("qk_layernorm", false, "normalised queries and keys")}});
    family.ignored = {"is_decoder"};
    family.finish = finish_rotary;
    return family;
}

FamilyConfig phi3_config() {
    FamilyConfig family;
    family.heads = 32;
    family.keys = join_keys({decoder_keys("rms_norm_eps", true),
                             {activation_key("hidden_act"), window_key(), layer_types_key()}});
    family.without = {{"", {"b_QKV", "b_O", "b_out"}}};
    family.ignored = {"is_decoder"};
    family.finish = finish_one_window;
    return family;
}

FamilyConfig gpt_neox_config() {
    FamilyConfig family;
    family.heads = 64;
    family.keys =
        join_keys({hub_sizes(),
                   rotary_keys(true),
                   {real_key("rotary_emb_base", "rope_theta", &ModelConfig::rope_theta),
                    real_key("rotary_pct", "rotary_share", &ModelConfig::rotary_share,
                             RealRange::between(0.001, 1)),
                    real_key("layer_norm_eps", "epsilon", &ModelConfig::epsilon),
                    activation_key("hidden_act"),
                    truth_key("use_parallel_residual", "parallel", &ModelConfig::parallel),
                    truth_key("is_causal", "causal", &ModelConfig::causal),
                    truth_key("tie_word_embeddings", "tied", &ModelConfig::tied),
                    claim_key("attention_bias", {"b_QKV", "b_O"})}});
    family.ignored = {"is_decoder"};
    family.finish = finish_rotary;
    return family;
}

}  // namespace attn::model
