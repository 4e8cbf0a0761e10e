// The keys about rotary positions: rope_theta and rope_scaling until version 4 of transformers,
// rope_parameters since, there also one for each type of layers.
#include "core/error.hpp"
#include "model/config_keys.hpp"

namespace attn::model {
namespace {

// A number of the scaling, which layers of all types must have alike.
double alike(const ConfigValue& value, double before, ModelConfig& config) {
    const double number = value.real(RealRange::positive());
    const std::string field = "rotary " + value.key().substr(value.key().rfind('/') + 1);
    const auto [known, is_new] = config.keys.emplace(field, value.key());
    if (!is_new && number != before) {
        fail(value.path(), ": config.json says \"", value.key(), "\": ", value.json(),
             ", which contradicts its \"", known->second, "\"");
    }
    return number;
}

ConfigKey stretch_key(const std::string& name, double RotaryScaling::*member) {
    return {name, [=](const ConfigValue& value, ModelConfig& config) {
                double& number = config.rotary_scaling.*member;
                if (!value.is_null()) number = alike(value, number, config);
            }};
}

ConfigKey stretch_key(const std::string& name, std::optional<double> RotaryScaling::*member) {
    return {name, [=](const ConfigValue& value, ModelConfig& config) {
                std::optional<double>& number = config.rotary_scaling.*member;
                if (!value.is_null()) number = alike(value, number.value_or(0), config);
            }};
}

ConfigKey raw_key(const std::string& name, std::optional<double> RawKeys::*member) {
    return {name, [=](const ConfigValue& value, ModelConfig& config) {
                std::optional<double>& number = config.raw.*member;
                if (!value.is_null()) number = alike(value, number.value_or(0), config);
            }};
}

ConfigKey kind_key(const std::string& name) {
    return {name, [](const ConfigValue& value, ModelConfig& config) {
                if (value.is_null()) return;
                static const std::map<std::string, RotaryStretch> known{
                    {"default", RotaryStretch::none},
                    {"linear", RotaryStretch::linear},
                    {"dynamic", RotaryStretch::dynamic},
                    {"yarn", RotaryStretch::yarn},
                    {"llama3", RotaryStretch::llama3}};
                const auto found = known.find(value.text());
                if (found == known.end()) {
                    refuse_attention(value, "rotary scaling \"" + value.text() + "\"", config);
                    return;
                }
                std::string& kind = config.raw.rotary_kind;
                if (!kind.empty() && kind != found->first) {
                    refuse_attention(value, "another kind of rotary scaling than \"" + kind + "\"",
                                     config);
                }
                kind = found->first;
                config.rotary_scaling.kind = found->second;
            }};
}

ConfigKey truncate_key(const std::string& name) {
    return {name, [](const ConfigValue& value, ModelConfig& config) {
                if (!value.is_null()) config.rotary_scaling.truncate = value.truth();
            }};
}

ConfigKey share_key(const std::string& name, bool partial) {
    if (!partial) return only_key(name, 1.0, "only a part of each head rotates");
    return real_key(name, "rotary_share", &ModelConfig::rotary_share, RealRange::between(0.001, 1));
}

// LongRoPE's factors of single frequencies; their kind was refused already.
ConfigKey longrope_key(const std::string& name) {
    return {name, [](const ConfigValue&, ModelConfig&) {}};
}

// The whole, where it is not an object whose keys stand below.
ConfigKey object_key(const std::string& name) {
    return {name, [](const ConfigValue& value, ModelConfig&) {
                if (value.is_null()) return;
                fail(value.path(), ": \"", value.key(), "\" must be an object or null, it is ",
                     value.json());
            }};
}

ConfigKeys scaling_keys(const std::string& before, bool partial) {
    return {kind_key(before + "rope_type"),
            kind_key(before + "type"),
            real_key(before + "rope_theta", "rope_theta", &ModelConfig::rope_theta),
            share_key(before + "partial_rotary_factor", partial),
            raw_key(before + "factor", &RawKeys::rotary_factor),
            stretch_key(before + "low_freq_factor", &RotaryScaling::low_freq_factor),
            stretch_key(before + "high_freq_factor", &RotaryScaling::high_freq_factor),
            stretch_key(before + "beta_fast", &RotaryScaling::beta_fast),
            stretch_key(before + "beta_slow", &RotaryScaling::beta_slow),
            truncate_key(before + "truncate"),
            stretch_key(before + "attention_factor", &RotaryScaling::attention_factor),
            stretch_key(before + "mscale", &RotaryScaling::mscale),
            stretch_key(before + "mscale_all_dim", &RotaryScaling::mscale_all_dim),
            raw_key(before + "original_max_position_embeddings", &RawKeys::rotary_original),
            longrope_key(before + "short_factor"),
            longrope_key(before + "long_factor"),
            longrope_key(before + "short_mscale"),
            longrope_key(before + "long_mscale"),
            longrope_key(before + "finetuned")};
}

// The keys of layers with a window, where those rotate otherwise.
ConfigKeys window_keys(const std::string& before) {
    const std::string what = "stretched positions in layers with a window";
    return {only_key(before + "rope_type", std::string("default"), what),
            real_key(before + "rope_theta", "window_theta", &ModelConfig::window_theta)};
}

}  // namespace

ConfigKeys rotary_keys(bool partial, bool two_kinds) {
    const std::string window = "rope_parameters/sliding_attention/";
    return join_keys({{real_key("rope_theta", "rope_theta", &ModelConfig::rope_theta),
                       share_key("partial_rotary_factor", partial), object_key("rope_scaling"),
                       object_key("rope_parameters"),
                       raw_key("max_position_embeddings", &RawKeys::max_positions),
                       only_key("rope_interleaved", false, "neighbouring columns rotate together"),
                       only_key("position_embedding_type", std::string("rope"),
                                "positions that are not rotary")},
                      scaling_keys("rope_scaling/", partial),
                      scaling_keys("rope_parameters/", partial),
                      scaling_keys("rope_parameters/full_attention/", partial),
                      two_kinds ? window_keys(window) : scaling_keys(window, partial)});
}

void finish_rotary(ModelConfig& config) {
    RotaryScaling& scaling = config.rotary_scaling;
    const std::string stretched = "rotary scaling \"" + config.raw.rotary_kind + "\"";
    if (scaling.kind == RotaryStretch::none) return;
    if (!config.raw.rotary_factor) refuse_attention(stretched + " without a \"factor\"", config);
    scaling.factor = config.raw.rotary_factor.value_or(1);
    scaling.original_length =
        config.raw.rotary_original.value_or(config.raw.max_positions.value_or(0));
    // The published computation looks at max_position_embeddings here, whatever the scaling says.
    if (scaling.kind == RotaryStretch::dynamic)
        scaling.original_length = config.raw.max_positions.value_or(0);
    if (scaling.kind != RotaryStretch::linear && scaling.original_length == 0)
        refuse_attention(stretched + " without \"max_position_embeddings\"", config);
    if (scaling.kind == RotaryStretch::llama3) {
        for (const char* const key :
             {"low_freq_factor", "high_freq_factor", "original_max_position_embeddings"}) {
            if (config.keys.count(std::string("rotary ") + key) == 0)
                refuse_attention(stretched + " without \"" + key + "\"", config);
        }
        if (!(scaling.high_freq_factor > scaling.low_freq_factor))
            refuse_attention("\"high_freq_factor\" that is not above \"low_freq_factor\"", config);
    }
}

}  // namespace attn::model
