#include "model/model_config.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace attn::model {
namespace {

using Keys = std::vector<std::string>;

// Looks values up under the names that they have in different families.
class Reader {
  public:
    Reader(const io::Container& container, ModelConfig& config)
        : container_(container), config_(config) {}

    std::optional<std::size_t> count(const Keys& keys, const std::string& field = "",
                                     double least = 1) {
        const io::Setting* setting = find(keys, field);
        if (setting == nullptr) return std::nullopt;
        const double* number = std::get_if<double>(setting);
        if (number == nullptr || *number < least || *number > 1e9 ||
            *number != std::floor(*number)) {
            fail(container_.path, ": \"", found_, "\" must be a whole number of ", least,
                 " or more");
        }
        return static_cast<std::size_t>(*number);
    }

    std::optional<double> number(const Keys& keys) {
        const io::Setting* setting = find(keys, "");
        if (setting == nullptr) return std::nullopt;
        const double* number = std::get_if<double>(setting);
        if (number == nullptr) fail(container_.path, ": \"", found_, "\" must be a number");
        return *number;
    }

    std::optional<double> positive(const Keys& keys) {
        const std::optional<double> value = number(keys);
        if (value && !(*value > 0))
            fail(container_.path, ": \"", found_, "\" must be a number above 0");
        return value;
    }

    std::optional<bool> truth(const Keys& keys) {
        const io::Setting* setting = find(keys, "");
        if (setting == nullptr) return std::nullopt;
        const bool* value = std::get_if<bool>(setting);
        if (value == nullptr) fail(container_.path, ": \"", found_, "\" must be true or false");
        return *value;
    }

    std::string text(const Keys& keys) {
        const io::Setting* setting = find(keys, "");
        if (setting == nullptr) return "";
        const std::string* value = std::get_if<std::string>(setting);
        if (value == nullptr) fail(container_.path, ": \"", found_, "\" must be a text");
        return *value;
    }

  private:
    const io::Setting* find(const Keys& keys, const std::string& field) {
        for (const std::string& key : keys) {
            const auto found = container_.settings.find(key);
            if (found == container_.settings.end()) continue;
            found_ = key;
            if (!field.empty()) config_.keys[field] = key;
            return &found->second;
        }
        return nullptr;
    }

    const io::Container& container_;
    ModelConfig& config_;
    std::string found_;
};

void read_sizes(Reader& reader, ModelConfig& config) {
    config.heads = reader.count(
        {"heads", "num_attention_heads", "n_head", "n_heads", "num_heads", "nhead"}, "heads");
    config.kv_heads = reader.count(
        {"kv_heads", "num_key_value_heads", "n_key_value_heads", "num_kv_heads"}, "kv_heads");
    config.d_head = reader.count({"head_dim", "d_kv", "d_head"}, "d_head");
    config.layers =
        reader.count({"num_hidden_layers", "n_layer", "n_layers", "num_layers"}, "layers");
    config.d_model = reader.count({"hidden_size", "n_embd", "d_model", "dim"}, "d_model");
    config.vocabulary = reader.count({"vocab_size", "d_vocab"}, "vocabulary");
}

void read_activation(Reader& reader, ModelConfig& config) {
    std::string name = reader.text({"hidden_activation", "hidden_act", "activation_function",
                                    "activation", "act_fn", "feed_forward_proj"});
    if (name.empty()) return;
    // T5 v1.1 says gated-gelu and means the approximation by tanh.
    const std::string gated = "gated-";
    if (name.rfind(gated, 0) == 0)
        name = name == "gated-gelu" ? "gelu_new" : name.substr(gated.size());
    static const std::map<std::string, Activation> known{
        {"relu", Activation::relu},
        {"gelu", Activation::gelu},
        {"gelu_new", Activation::gelu_tanh},
        {"gelu_fast", Activation::gelu_tanh},
        {"gelu_pytorch_tanh", Activation::gelu_tanh},
        {"silu", Activation::silu},
        {"swish", Activation::silu},
    };
    const auto found = known.find(name);
    if (found == known.end()) {
        config.unknown_activation = "activation \"" + name + "\"";
    } else {
        config.activation = found->second;
    }
}

void read_scale(Reader& reader, ModelConfig& config) {
    config.scale = reader.number({"scale"});
    if (const auto scalar = reader.positive({"query_pre_attn_scalar"}))
        config.scale = 1 / std::sqrt(*scalar);
    if (reader.truth({"scale_attn_weights", "use_attn_scale"}) == false) config.scale = 1;
    if (reader.truth({"scale_attn_by_inverse_layer_idx"}) == true)
        config.unknown_attention = "\"scale_attn_by_inverse_layer_idx\"";
    config.softcap = reader.positive({"attn_logit_softcapping"});
    config.logit_softcap = reader.positive({"final_logit_softcapping"});
}

void read_norms(Reader& reader, ModelConfig& config) {
    config.epsilon = reader.positive({"rms_norm_eps", "layer_norm_epsilon", "layer_norm_eps",
                                      "norm_eps", "norm_epsilon", "eps"});
    config.norm_first = reader.truth({"norm_first"});
    config.parallel = reader.truth({"use_parallel_residual"});
    const std::string kind = reader.text({"normalization_type"});
    if (kind.rfind("LN", 0) == 0) config.norm = NormKind::layer;
    if (kind.rfind("RMS", 0) == 0) config.norm = NormKind::rms;
}

void read_rotary_scaling(Reader& reader, ModelConfig& config) {
    // rope_scaling until version 4 of transformers, rope_parameters since.
    const auto keys = [](const std::string& name) {
        return Keys{"rope_scaling/" + name, "rope_parameters/" + name};
    };
    std::string kind = reader.text(keys("rope_type"));
    if (kind.empty()) kind = reader.text(keys("type"));
    static const std::map<std::string, RotaryStretch> known{
        {"", RotaryStretch::none},         {"default", RotaryStretch::none},
        {"linear", RotaryStretch::linear}, {"dynamic", RotaryStretch::dynamic},
        {"yarn", RotaryStretch::yarn},     {"llama3", RotaryStretch::llama3}};
    const auto found = known.find(kind);
    if (found == known.end()) {
        config.unknown_attention = "rotary scaling \"" + kind + "\"";
        return;
    }
    RotaryScaling& scaling = config.rotary_scaling;
    scaling.kind = found->second;
    if (scaling.kind == RotaryStretch::none) return;
    const auto set = [&](double& target, const std::string& name) {
        if (const auto value = reader.positive(keys(name))) target = *value;
    };
    set(scaling.factor, "factor");
    set(scaling.low_freq_factor, "low_freq_factor");
    set(scaling.high_freq_factor, "high_freq_factor");
    set(scaling.beta_fast, "beta_fast");
    set(scaling.beta_slow, "beta_slow");
    scaling.truncate = reader.truth(keys("truncate")).value_or(true);
    scaling.attention_factor = reader.positive(keys("attention_factor"));
    scaling.mscale = reader.positive(keys("mscale"));
    scaling.mscale_all_dim = reader.positive(keys("mscale_all_dim"));
    const auto original = reader.positive(keys("original_max_position_embeddings"));
    const auto longest = reader.positive({"max_position_embeddings"});
    scaling.original_length = original.value_or(longest.value_or(0));
    if (scaling.kind != RotaryStretch::linear && scaling.original_length == 0)
        config.unknown_attention = "rotary scaling without \"max_position_embeddings\"";
    if (scaling.kind == RotaryStretch::llama3 &&
        !(scaling.high_freq_factor > scaling.low_freq_factor))
        config.unknown_attention = "\"high_freq_factor\" that is not above \"low_freq_factor\"";
}

void read_positions(Reader& reader, ModelConfig& config) {
    config.rope_theta = reader.positive(
        {"rope_theta", "rope_parameters/rope_theta", "rotary_emb_base", "rotary_base"});
    config.rotary_share = reader.positive(
        {"partial_rotary_factor", "rope_parameters/partial_rotary_factor", "rotary_pct"});
    config.rotary_dim = reader.count({"rotary_dim"});
    config.rotary_interleaved = reader.truth({"rotary_adjacent_pairs"});
    read_rotary_scaling(reader, config);
    config.relative_max_distance = reader.count({"relative_attention_max_distance"}, "", 2);
    // Some families write -1 for "none".
    const auto padding = reader.number({"pad_token_id"});
    if (padding && *padding >= 0 && *padding < 1e9)
        config.first_position = static_cast<std::size_t>(*padding) + 1;
    const std::string kind = reader.text({"positional_embedding_type", "position_embedding_type"});
    if (kind == "rotary") config.positions_turn = true;
    const Keys plain{"", "standard", "absolute", "rotary"};
    if (std::find(plain.begin(), plain.end(), kind) == plain.end())
        config.unknown_attention = "positions \"" + kind + "\"";
}

void read_window(const io::Container& container, Reader& reader, ModelConfig& config) {
    const bool off = reader.truth({"use_sliding_window"}) == false;
    if (!off) config.window = reader.count({"sliding_window"});
    if (reader.truth({"use_sliding_window"}) == true)
        config.first_window_layer = reader.count({"max_window_layers"}, "", 0);
    const auto types = container.texts.find("layer_types");
    if (types == container.texts.end()) return;
    for (const std::string& type : types->second.front()) {
        if (type != "sliding_attention" && type != "full_attention")
            config.unknown_attention = "layers of type \"" + type + "\"";
        config.window_layers.push_back(type == "sliding_attention");
    }
}

}  // namespace

ModelConfig read_model_config(const io::Container& container) {
    ModelConfig config;
    Reader reader(container, config);
    config.model_type = reader.text({"model_type"});
    read_sizes(reader, config);
    config.causal = reader.truth({"causal", "is_decoder"});
    const std::string direction = reader.text({"attention_dir"});
    if (!direction.empty()) config.causal = direction == "causal";
    read_scale(reader, config);
    read_norms(reader, config);
    read_activation(reader, config);
    read_positions(reader, config);
    read_window(container, reader, config);
    return config;
}

}  // namespace attn::model
