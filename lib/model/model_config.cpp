#include "model/model_config.hpp"

#include <algorithm>
#include <sstream>

#include "core/error.hpp"
#include "core/word_list.hpp"
#include "model/config_keys.hpp"
#include "model/family_lists.hpp"

namespace attn::model {
namespace {

bool contains(const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

// What differs in families whose arrays have the names of another one, and which their config.json
// need not say.
void judge_model_type(const Layout& layout, ModelConfig& config) {
    static const std::map<std::string, std::string> different{
        {"helium", "rotary pairs of neighbouring columns"},
        {"ernie4_5", "rotary pairs of neighbouring columns"},
        {"glm", "rotary pairs of neighbouring columns"},
        {"glm4", "rotary pairs of neighbouring columns"},
        {"cohere", "rotary pairs of neighbouring columns and one norm a layer"},
        {"cohere2", "rotary pairs of neighbouring columns and one norm a layer"},
        {"minicpm", "multiplied embeddings and residuals"},
        {"bitnet", "rounded matrices"},
        {"ministral3", "a scale that grows with the position"},
        {"llama4_text", "layers without rotary positions and attention in chunks"},
    };
    if (contains(layout.model_types, config.model_type)) return;
    const auto found = different.find(config.model_type);
    if (found == different.end()) return;
    refuse_attention("\"model_type\": \"" + config.model_type + "\" (" + found->second + ")",
                     config);
}

std::string with_value(const ConfigValue& value) {
    std::string json = value.json();
    if (json.size() > 1 && json.front() == '"') json = json.substr(1, json.size() - 2);
    return value.key() + " " + json;
}

// Values of the family's row that config.json might have changed.
void add_defaults(const Layout& layout, const FamilyConfig& family, ModelConfig& config) {
    const auto has_key_for = [&](const std::string& field) {
        return config.keys.count(field) != 0;
    };
    for (const auto& [field, text] : family.assumed) {
        if (!has_key_for(field)) config.defaults.push_back(text);
    }
    if (layout.positions_turn && !has_key_for("rope_theta")) {
        std::ostringstream theta;
        theta << "rope_theta " << config.rope_theta.value_or(10000);
        config.defaults.push_back(theta.str());
    }
    if (layout.name == "native" || has_key_for("epsilon")) return;
    std::ostringstream epsilon;
    epsilon << "epsilon " << config.epsilon.value_or(layout.epsilon);
    config.defaults.push_back(epsilon.str());
}

// Of a config.json that names the family, and nothing that its arrays would follow from.
void claim_absent(const FamilyConfig& family, ModelConfig& config) {
    const std::string type = "\"model_type\": \"" + config.model_type + "\"";
    for (const auto& [key, names] : family.without) {
        const bool told = std::any_of(
            config.claims.begin(), config.claims.end(),
            [&, &names = names](const ArrayClaim& claim) { return claim.names == names; });
        if (told) continue;
        const std::string why =
            key.empty() ? ", which has no such arrays" : " and nothing of \"" + key + "\"";
        config.claims.push_back({type + why, false, names});
    }
}

}  // namespace

const FamilyConfig& family_config(const std::string& layout) {
    static const std::map<std::string, FamilyConfig> table{
        {"native", native_config()},
        {"gpt2", gpt2_config()},
        {"mingpt", mingpt_config()},
        {"nanogpt", nanogpt_config()},
        {"bert", bert_config()},
        {"roberta", roberta_config()},
        {"distilbert", distilbert_config()},
        {"vit", vit_config()},
        {"vit5", vit_config()},
        {"timm", timm_config()},
        {"t5", t5_config()},
        {"umt5", t5_config()},
        {"llama", llama_config()},
        {"mistral", mistral_config()},
        {"qwen2", qwen2_config()},
        {"qwen3", qwen3_config()},
        {"gemma", gemma_config()},
        {"gemma2", gemma2_config()},
        {"gemma3", gemma3_config()},
        {"gpt-oss", gpt_oss_config()},
        {"phi", phi_config()},
        {"phi3", phi3_config()},
        {"gpt-neox", gpt_neox_config()},
        {"torch-attention", torch_attention_config()},
        {"torch-encoder", torch_encoder_config()},
        {"transformer-lens", transformer_lens_config()},
    };
    return table.at(layout);
}

ModelConfig read_model_config(const io::Container& container, const Layout& layout) {
    const FamilyConfig& family = family_config(layout.name);
    ConfigValues values = config_values(container);
    ModelConfig config;
    config.raw.any = !values.empty();
    config.tied_by_default = config.raw.any && family.ties;
    family.defaults(config);
    if (const auto type = values.find("model_type"); type != values.end()) {
        if (!type->second.is_null()) config.model_type = type->second.text();
    }
    // In the order of the list, which has keys behind those that they look back at.
    for (const ConfigKey& key : family.keys) {
        const auto found = values.find(key.name);
        if (found == values.end()) continue;
        key.read(found->second, config);
        if (!key.size && !found->second.is_null()) config.read.push_back(with_value(found->second));
        values.erase(found);
    }
    for (const auto& [name, value] : values) {
        // Beside matrices under native names, in one JSON file, lists of texts are tokens.
        const bool texts = std::holds_alternative<std::vector<std::string>>(value.content());
        if (texts && layout.name == "native") continue;
        if (contains(family.ignored, name)) {
            if (!value.is_null() && !is_harmless_key(name)) config.ignored.push_back(value.key());
        } else {
            judge_unlisted_key(value, name, config);
        }
    }
    const auto of_type = family.heads_of.find(config.model_type);
    const std::size_t heads = of_type != family.heads_of.end() ? of_type->second : family.heads;
    if (!config.heads && heads > 0 && contains(layout.model_types, config.model_type)) {
        config.heads = heads;
        config.keys["heads"] = "the family's default";
        config.defaults.push_back(counted(heads, "head"));
    }
    if (contains(layout.model_types, config.model_type)) claim_absent(family, config);
    family.finish(config);
    if (config.causal == false && config.window)
        refuse_attention("a window while \"" + config.keys["causal"] + "\" is false", config);
    judge_model_type(layout, config);
    if (config.raw.any) add_defaults(layout, family, config);
    return config;
}

}  // namespace attn::model
