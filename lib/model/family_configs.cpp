// Families with tables of positions, and those of torch and of our own.
#include "model/family_lists.hpp"

#include <cmath>

namespace attn::model {
namespace {

ConfigKeys gpt_sizes() {
    return {size_key("n_head", "heads", &ModelConfig::heads),
            size_key("n_layer", "layers", &ModelConfig::layers),
            size_key("n_embd", "d_model", &ModelConfig::d_model),
            size_key("n_inner", "d_hidden", &ModelConfig::d_hidden),
            size_key("vocab_size", "vocabulary", &ModelConfig::vocabulary)};
}

ConfigKey tied_key() {
    return truth_key("tie_word_embeddings", "tied", &ModelConfig::tied);
}

void without_scale(const ConfigValue& value, ModelConfig& config) {
    if (!value.is_null() && !value.truth()) config.scale = 1;
}

// Positions of RoBERTa start behind the padding token. Some configs write -1 for "none".
void read_padding(const ConfigValue& value, ModelConfig& config) {
    if (value.is_null()) return;
    const double id = value.real(RealRange::between(-1, 1e9));
    if (id >= 0) config.first_position = static_cast<std::size_t>(id) + 1;
}

// nn.Module attributes and arguments, however a script calls them.
ConfigKeys torch_heads() {
    return {size_key("heads", "heads", &ModelConfig::heads),
            size_key("nhead", "heads", &ModelConfig::heads),
            size_key("num_heads", "heads", &ModelConfig::heads),
            size_key("n_heads", "heads", &ModelConfig::heads),
            size_key("n_head", "heads", &ModelConfig::heads),
            size_key("num_attention_heads", "heads", &ModelConfig::heads),
            size_key("d_model", "d_model", &ModelConfig::d_model),
            size_key("embed_dim", "d_model", &ModelConfig::d_model),
            truth_key("causal", "causal", &ModelConfig::causal),
            truth_key("is_causal", "causal", &ModelConfig::causal)};
}

// T5's activation, "gated-" in front where a gate multiplies it.
void read_feed_forward(const ConfigValue& value, ModelConfig& config) {
    activation_key(value.key()).read(value, config);
    if (value.is_null()) return;
    claim(value, value.text().rfind("gated-", 0) == 0, {"W_gate"}, config);
}

}  // namespace

ConfigKeys hub_sizes() {
    return {size_key("num_attention_heads", "heads", &ModelConfig::heads),
            size_key("num_hidden_layers", "layers", &ModelConfig::layers),
            size_key("hidden_size", "d_model", &ModelConfig::d_model),
            size_key("intermediate_size", "d_hidden", &ModelConfig::d_hidden),
            size_key("head_dim", "d_head", &ModelConfig::d_head),
            size_key("vocab_size", "vocabulary", &ModelConfig::vocabulary)};
}

FamilyConfig native_config() {
    FamilyConfig family;
    family.keys = join_keys({torch_heads(),
                             {size_key("kv_heads", "kv_heads", &ModelConfig::kv_heads),
                              size_key("num_kv_heads", "kv_heads", &ModelConfig::kv_heads),
                              size_key("n_kv_heads", "kv_heads", &ModelConfig::kv_heads),
                              size_key("num_key_value_heads", "kv_heads", &ModelConfig::kv_heads),
                              real_key("scale", "scale", &ModelConfig::scale, RealRange::any())}});
    // The blocks around such matrices are not computed.
    family.ignored = {"hidden_size",
                      "n_embd",
                      "dim",
                      "intermediate_size",
                      "hidden_act",
                      "hidden_activation",
                      "activation",
                      "activation_function",
                      "act_fn",
                      "layer_norm_eps",
                      "layer_norm_epsilon",
                      "rms_norm_eps",
                      "eps",
                      "num_hidden_layers",
                      "n_layer",
                      "n_layers",
                      "num_layers"};
    return family;
}

FamilyConfig gpt2_config() {
    FamilyConfig family;
    family.heads = 12;
    family.ties = true;
    family.keys = join_keys(
        {gpt_sizes(),
         hub_sizes(),
         {real_key("layer_norm_epsilon", "epsilon", &ModelConfig::epsilon),
          activation_key("activation_function"), ConfigKey{"scale_attn_weights", without_scale},
          truth_key("scale_attn_by_inverse_layer_idx", "scale_by_layer",
                    &ModelConfig::scale_by_layer),
          truth_key("is_causal", "causal", &ModelConfig::causal), tied_key()}});
    family.ignored = {"is_decoder"};
    return family;
}

FamilyConfig mingpt_config() {
    FamilyConfig family;
    family.keys = gpt_sizes();
    return family;
}

FamilyConfig nanogpt_config() {
    FamilyConfig family = mingpt_config();
    family.keys.push_back(claim_key("bias", {"b_QKV", "b_O", "b_in", "b_out",
                                             "before_attention.bias", "before_feed_forward.bias"}));
    return family;
}

FamilyConfig bert_config() {
    FamilyConfig family;
    family.heads = 12;
    family.keys = join_keys(
        {hub_sizes(),
         {real_key("layer_norm_eps", "epsilon", &ModelConfig::epsilon),
          activation_key("hidden_act"), truth_key("is_decoder", "causal", &ModelConfig::causal),
          only_key("is_causal", false, "here is_decoder says it"),
          only_key("position_embedding_type", std::string("absolute"),
                   "relative position embeddings")}});
    return family;
}

FamilyConfig roberta_config() {
    FamilyConfig family = bert_config();
    family.keys.push_back({"pad_token_id", read_padding});
    family.finish = [](ModelConfig& config) {
        // The class has BERT's epsilon, though all published models say 1e-5.
        if (config.raw.any && !config.epsilon) config.epsilon = 1e-12;
    };
    return family;
}

FamilyConfig distilbert_config() {
    FamilyConfig family;
    family.heads = 12;
    family.keys = join_keys({{size_key("n_heads", "heads", &ModelConfig::heads),
                              size_key("n_layers", "layers", &ModelConfig::layers),
                              size_key("dim", "d_model", &ModelConfig::d_model),
                              size_key("hidden_dim", "d_hidden", &ModelConfig::d_hidden)},
                             hub_sizes(),
                             {activation_key("activation")}});
    // Its positions are in the table, however that was made.
    family.ignored = {"sinusoidal_pos_embds"};
    return family;
}

FamilyConfig vit_config() {
    FamilyConfig family;
    family.heads = 12;
    family.keys =
        join_keys({hub_sizes(),
                   {real_key("layer_norm_eps", "epsilon", &ModelConfig::epsilon),
                    activation_key("hidden_act"), claim_key("qkv_bias", {"b_Q", "b_K", "b_V"}),
                    only_key("is_causal", false, "which patches may be attended")}});
    return family;
}

FamilyConfig timm_config() {
    FamilyConfig family;
    const auto both = [](const std::string& name, const auto& make) {
        return ConfigKeys{make(name), make("model_args/" + name)};
    };
    const auto sizes = [&](const std::string& name, const std::string& field,
                           std::optional<std::size_t> ModelConfig::*member) {
        return both(name, [&](const std::string& key) { return size_key(key, field, member); });
    };
    const auto architecture = [](const ConfigValue& value, ModelConfig& config) {
        if (value.is_null()) return;
        const auto has = [&](const char* part) {
            return value.text().find(part) != std::string::npos;
        };
        if (has("rope") || has("eva")) refuse_attention(value, "rotary positions", config);
        if (has("relpos")) refuse_attention(value, "relative positions", config);
        if (has("quickgelu")) config.unknown_activation = "activation \"quick_gelu\"";
        if (has("clip") && !config.epsilon) config.epsilon = 1e-5;
    };
    family.keys = join_keys(
        {sizes("num_heads", "heads", &ModelConfig::heads),
         sizes("depth", "layers", &ModelConfig::layers),
         sizes("embed_dim", "d_model", &ModelConfig::d_model),
         sizes("num_features", "d_model", &ModelConfig::d_model),
         both("act_layer", activation_key),
         both("qkv_bias", [](const std::string& key) { return claim_key(key, {"b_QKV"}); }),
         {ConfigKey{"architecture", architecture}}});
    family.ignored = {"mlp_ratio",   "model_args/mlp_ratio", "global_pool",
                      "num_classes", "patch_size",           "img_size"};
    return family;
}

FamilyConfig t5_config() {
    FamilyConfig family;
    family.heads = 8;
    family.heads_of = {{"mt5", 6}, {"umt5", 6}};
    family.keys = {
        size_key("num_heads", "heads", &ModelConfig::heads),
        size_key("num_attention_heads", "heads", &ModelConfig::heads),
        size_key("num_layers", "layers", &ModelConfig::layers),
        size_key("num_hidden_layers", "layers", &ModelConfig::layers),
        size_key("d_model", "d_model", &ModelConfig::d_model),
        size_key("hidden_size", "d_model", &ModelConfig::d_model),
        size_key("d_kv", "d_head", &ModelConfig::d_head),
        size_key("d_ff", "d_hidden", &ModelConfig::d_hidden),
        size_key("vocab_size", "vocabulary", &ModelConfig::vocabulary),
        real_key("layer_norm_epsilon", "epsilon", &ModelConfig::epsilon),
        ConfigKey{"feed_forward_proj", read_feed_forward},
        activation_key("dense_act_fn"),
        claim_key("is_gated_act", {"W_gate"}),
        size_key("relative_attention_num_buckets", "relative_buckets",
                 &ModelConfig::relative_buckets),
        count_key("relative_attention_max_distance", "relative_max_distance",
                  &ModelConfig::relative_max_distance, 2),
    };
    // They belong to the decoder, or to both.
    family.ignored = {"is_decoder", "num_decoder_layers"};
    family.finish = [](ModelConfig& config) {
        // The class of mT5 says gated-gelu, T5's says relu.
        const bool named = config.activation || !config.unknown_activation.empty();
        if (config.model_type == "mt5" && !named) config.activation = Activation::gelu_tanh;
    };
    return family;
}

FamilyConfig torch_attention_config() {
    FamilyConfig family;
    family.keys = join_keys({torch_heads(),
                             {only_key("add_zero_attn", false, "a key of zeros"),
                              only_key("add_bias_kv", false, "an extra key")}});
    family.ignored = {"batch_first", "kdim", "vdim", "num_layers", "activation"};
    return family;
}

FamilyConfig torch_encoder_config() {
    FamilyConfig family;
    family.keys = join_keys({torch_heads(),
                             {size_key("num_layers", "layers", &ModelConfig::layers),
                              size_key("dim_feedforward", "d_hidden", &ModelConfig::d_hidden),
                              real_key("layer_norm_eps", "epsilon", &ModelConfig::epsilon),
                              activation_key("activation"),
                              truth_key("norm_first", "norm_first", &ModelConfig::norm_first)}});
    family.ignored = {"batch_first", "mask_check", "enable_nested_tensor"};
    return family;
}

}  // namespace attn::model
