#include "model/config_value.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/affix.hpp"
#include "core/error.hpp"
#include "io/json_text.hpp"

namespace attn::model {
namespace {

std::string shortened(std::string json) {
    constexpr std::size_t kMost = 60;
    if (json.size() <= kMost) return json;
    std::size_t end = kMost;
    while (end > 0 && (static_cast<unsigned char>(json[end]) & 0xC0) == 0x80) --end;
    return json.substr(0, end) + "…";
}

std::string json_of(double number) {
    if (number == std::floor(number) && std::abs(number) < 1e15)
        return std::to_string(static_cast<long long>(number));
    return io::compact_json(nlohmann::json(number));
}

// Names under which models of several parts keep the config of their language model.
std::string text_part(const io::Container& container) {
    for (const char* part : {"text_config/", "llm_config/", "language_config/"}) {
        const auto found = container.settings.lower_bound(part);
        if (found != container.settings.end() && starts_with(found->first, part)) return part;
    }
    return "";
}

// Beside a text_config: what is about other parts of the model, not about its text.
bool is_of_other_part(const std::string& key) {
    constexpr std::array kParts{"vision", "image",   "img",       "mm_",        "projec", "audio",
                                "video",  "qformer", "perceiver", "multimodal", "speech", "vq_"};
    return std::any_of(kParts.begin(), kParts.end(),
                       [&](const char* part) { return starts_with(key, part); });
}

// What a model of several parts has twice, for different purposes.
bool may_differ(const std::string& key) {
    constexpr std::array kKeys{"_name_or_path",
                               "architectures",
                               "auto_map",
                               "dtype",
                               "id2label",
                               "label2id",
                               "max_length",
                               "model_type",
                               "tie_word_embeddings",
                               "torch_dtype",
                               "vocab_size",
                               "transformers_version",
                               "initializer_range",
                               "use_cache",
                               "attention_dropout",
                               "_attn_implementation"};
    return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end() ||
           key.find("token") != std::string::npos;
}

}  // namespace

bool ConfigValue::is_null() const {
    const Other* other = std::get_if<Other>(&content_);
    return other != nullptr && other->json == "null";
}

std::string ConfigValue::json() const {
    if (const auto* other = std::get_if<Other>(&content_)) return shortened(other->json);
    if (const auto* number = std::get_if<double>(&content_)) return json_of(*number);
    if (const auto* truth = std::get_if<bool>(&content_)) return *truth ? "true" : "false";
    if (const auto* text = std::get_if<std::string>(&content_))
        return shortened(io::compact_json(nlohmann::json(*text)));
    return shortened(io::compact_json(nlohmann::json(texts())));
}

bool ConfigValue::equals(const ConfigValue& other) const {
    if (content_.index() != other.content_.index()) return false;
    if (const auto* mine = std::get_if<Other>(&content_))
        return mine->json == std::get<Other>(other.content_).json;
    if (const auto* mine = std::get_if<double>(&content_))
        return *mine == std::get<double>(other.content_);
    if (const auto* mine = std::get_if<bool>(&content_))
        return *mine == std::get<bool>(other.content_);
    if (const auto* mine = std::get_if<std::string>(&content_))
        return *mine == std::get<std::string>(other.content_);
    return texts() == other.texts();
}

void ConfigValue::refuse(const std::string& expected) const {
    fail(path_, ": \"", key_, "\" must be ", expected, ", it is ", json());
}

std::size_t ConfigValue::count(const WholeRange& range) const {
    const double* number = std::get_if<double>(&content_);
    const bool whole = number != nullptr && *number == std::floor(*number) &&
                       std::abs(*number) < 0x1p62 &&
                       range.contains(static_cast<std::int64_t>(*number));
    if (!whole) refuse(range.words());
    return static_cast<std::size_t>(*number);
}

double ConfigValue::real(const RealRange& range) const {
    const double* number = std::get_if<double>(&content_);
    if (number == nullptr || !range.contains(*number)) refuse(range.words());
    return *number;
}

bool ConfigValue::truth() const {
    const bool* value = std::get_if<bool>(&content_);
    if (value == nullptr) refuse("true or false");
    return *value;
}

const std::string& ConfigValue::text() const {
    const auto* value = std::get_if<std::string>(&content_);
    if (value == nullptr) refuse("a text");
    return *value;
}

const std::vector<std::string>& ConfigValue::texts() const {
    const auto* value = std::get_if<std::vector<std::string>>(&content_);
    if (value == nullptr) refuse("a list of texts");
    return *value;
}

std::vector<bool> ConfigValue::switches() const {
    const auto* list = std::get_if<Other>(&content_);
    const auto json = io::parse_json(list == nullptr ? "" : list->json);
    if (!json.is_array()) refuse("a list of 0 and 1");
    std::vector<bool> switches;
    for (const nlohmann::json& item : json) {
        if (item != 0 && item != 1) refuse("a list of 0 and 1");
        switches.push_back(item == 1);
    }
    return switches;
}

ConfigValues config_values(const io::Container& container) {
    ConfigValues all;
    const auto add = [&](const std::string& key, ConfigValue::Content content) {
        all.emplace(key, ConfigValue(container.path, key, std::move(content)));
    };
    for (const auto& [key, setting] : container.settings) {
        if (starts_with(key, "__metadata__/")) continue;  // of safetensors, not of the model
        add(key,
            std::visit([](const auto& value) { return ConfigValue::Content(value); }, setting));
    }
    for (const auto& [key, lists] : container.texts) {
        if (lists.size() == 1) add(key, lists.front());
    }
    for (const auto& [key, json] : container.other_settings) add(key, ConfigValue::Other{json});

    const std::string part = text_part(container);
    if (part.empty()) return all;
    ConfigValues text;
    for (const auto& [key, value] : all) {
        if (starts_with(key, part)) text.emplace(key.substr(part.size()), value);
    }
    for (const auto& [key, value] : all) {
        if (starts_with(key, part) || is_of_other_part(key)) continue;
        const auto [own, is_new] = text.emplace(key, value);
        if (is_new || may_differ(key) || own->second.equals(value)) continue;
        fail(container.path, ": config.json says \"", own->second.key(), "\": ", own->second.json(),
             " and \"", key, "\": ", value.json(),
             "; they must be the same, or the outer one must go");
    }
    return text;
}

std::string model_type(const io::Container& container) {
    const auto text_of = [&](const std::string& key) {
        const auto found = container.settings.find(key);
        const auto* text =
            found == container.settings.end() ? nullptr : std::get_if<std::string>(&found->second);
        return text == nullptr ? "" : *text;
    };
    const std::string part = text_part(container);
    if (part.empty()) return text_of("model_type");
    return text_of(part + "model_type");
}

}  // namespace attn::model
