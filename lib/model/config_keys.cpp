#include "model/config_keys.hpp"

#include <algorithm>
#include <sstream>

#include "core/error.hpp"
#include "model/activation_name.hpp"

namespace attn::model {
namespace {

std::string said(const ConfigValue& value) {
    return "\"" + value.key() + "\": " + value.json();
}

void add_to(std::string& list, const std::string& what) {
    list += (list.empty() ? "" : " and for ") + what;
}

// Sets the member. Two keys of one meaning must agree.
template <class Value>
void set(const ConfigValue& from, const std::string& field, std::optional<Value>& member,
         const std::optional<Value>& value, ModelConfig& config) {
    const auto before = config.keys.find(field);
    if (before == config.keys.end() || (!member && value)) {
        member = value;
        config.keys[field] = from.key();
        return;
    }
    if (!value || member == value) return;
    fail(from.path(), ": config.json says ", said(from), ", which contradicts its \"",
         before->second, "\"");
}

}  // namespace

ConfigKey count_key(const std::string& name, const std::string& field,
                    std::optional<std::size_t> ModelConfig::*member, std::int64_t least) {
    return {name, [=](const ConfigValue& value, ModelConfig& config) {
                std::optional<std::size_t> count;
                if (!value.is_null()) count = value.count({least, 1'000'000'000});
                set(value, field, config.*member, count, config);
            }};
}

ConfigKey size_key(const std::string& name, const std::string& field,
                   std::optional<std::size_t> ModelConfig::*member) {
    ConfigKey key = count_key(name, field, member);
    key.size = true;
    return key;
}

ConfigKey real_key(const std::string& name, const std::string& field,
                   std::optional<double> ModelConfig::*member, const RealRange& range) {
    return {name, [=](const ConfigValue& value, ModelConfig& config) {
                std::optional<double> number;
                if (!value.is_null()) number = value.real(range);
                set(value, field, config.*member, number, config);
            }};
}

ConfigKey truth_key(const std::string& name, const std::string& field,
                    std::optional<bool> ModelConfig::*member) {
    return {name, [=](const ConfigValue& value, ModelConfig& config) {
                std::optional<bool> truth;
                if (!value.is_null()) truth = value.truth();
                set(value, field, config.*member, truth, config);
            }};
}

ConfigKey activation_key(const std::string& name) {
    return {name, [](const ConfigValue& value, ModelConfig& config) {
                if (value.is_null()) return;
                std::string text = value.text();
                // T5 v1.1 says gated-gelu and means the approximation by tanh.
                const std::string gated = "gated-";
                if (text.rfind(gated, 0) == 0)
                    text = text == "gated-gelu" ? "gelu_new" : text.substr(gated.size());
                const auto found = activation_named(text);
                if (!found) {
                    config.unknown_activation = "activation \"" + text + "\"";
                } else {
                    set(value, "activation", config.activation, found, config);
                }
            }};
}

void refuse_attention(const ConfigValue& value, const std::string& what, ModelConfig& config) {
    add_to(config.unknown_attention, said(value) + " (" + what + ")");
}

void refuse_attention(const std::string& what, ModelConfig& config) {
    add_to(config.unknown_attention, what);
}

void refuse_block(const ConfigValue& value, const std::string& what, ModelConfig& config) {
    add_to(config.unknown_block, said(value) + " (" + what + ")");
}

ConfigKey only_key(const std::string& name, const ConfigValue::Content& only,
                   const std::string& what) {
    return {name, [=](const ConfigValue& value, ModelConfig& config) {
                const ConfigValue wanted(value.path(), value.key(), only);
                if (!value.is_null() && !value.equals(wanted))
                    refuse_attention(value, what, config);
            }};
}

void claim(const ConfigValue& value, bool present, const std::vector<std::string>& arrays,
           ModelConfig& config) {
    config.claims.push_back({said(value), present, arrays});
}

ConfigKey claim_key(const std::string& name, const std::vector<std::string>& arrays) {
    return {name, [=](const ConfigValue& value, ModelConfig& config) {
                if (!value.is_null()) claim(value, value.truth(), arrays, config);
            }};
}

ConfigKey layer_types_key() {
    return {"layer_types", [](const ConfigValue& value, ModelConfig& config) {
                if (value.is_null()) return;
                for (const std::string& type : value.texts()) {
                    if (type != "sliding_attention" && type != "full_attention") {
                        refuse_attention(value, "layers of type \"" + type + "\"", config);
                        config.window_layers.clear();
                        return;
                    }
                    config.window_layers.push_back(type == "sliding_attention");
                }
                config.keys["layer_types"] = value.key();
            }};
}

ConfigKeys join_keys(const std::vector<ConfigKeys>& lists) {
    ConfigKeys all;
    for (const ConfigKeys& list : lists) all.insert(all.end(), list.begin(), list.end());
    return all;
}

}  // namespace attn::model
