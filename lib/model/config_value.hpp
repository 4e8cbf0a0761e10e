// One value of config.json and what is asked of it: its type and its range. Whoever reads a key
// says both, so that nothing out of range gets into a computation.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/numbers.hpp"
#include "io/container.hpp"

namespace attn::model {

class ConfigValue {
  public:
    // What is neither a number, a truth value, a text nor a list of texts: "null", "[1, 0]", "NaN".
    struct Other {
        std::string json;
    };
    using Content = std::variant<double, bool, std::string, std::vector<std::string>, Other>;

    ConfigValue(std::string path, std::string key, Content content)
        : path_(std::move(path)), key_(std::move(key)), content_(std::move(content)) {}

    const std::string& path() const { return path_; }
    const std::string& key() const { return key_; }
    const Content& content() const { return content_; }

    bool is_null() const;
    // As JSON, shortened where it is long.
    std::string json() const;
    // Both hold the same.
    bool equals(const ConfigValue& other) const;

    // Each throws Error that names the file, the key and what is expected.
    std::size_t count(const WholeRange& range) const;
    double real(const RealRange& range) const;
    bool truth() const;
    const std::string& text() const;
    const std::vector<std::string>& texts() const;
    std::vector<bool> switches() const;  // [1, 0, 1]

  private:
    [[noreturn]] void refuse(const std::string& expected) const;

    std::string path_;
    std::string key_;
    Content content_;
};

using ConfigValues = std::map<std::string, ConfigValue>;  // by key: "rope_scaling/factor"

// Everything that stands in the config.json beside a checkpoint, or in a JSON file of weights. Of
// a model of several parts that is what it says about its language model: text_config, and what
// stands beside it. Throws Error where the two contradict each other.
ConfigValues config_values(const io::Container& container);

// The family that config.json names, by its model_type or that of its text_config; may be empty.
std::string model_type(const io::Container& container);

}  // namespace attn::model
