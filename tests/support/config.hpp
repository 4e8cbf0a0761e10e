// A config.json, read as one family.
#pragma once

#include <string>

#include "io/config.hpp"
#include "model/model_config.hpp"

namespace attn::test {

inline io::Container config_container(const std::string& json) {
    io::Container container;
    container.path = "model";
    const io::FileBytes file{
        {reinterpret_cast<const std::byte*>(json.data()), json.size()}, nullptr, false};
    io::parse_config(file, "config.json", container);
    return container;
}

inline model::ModelConfig config_of(const std::string& family, const std::string& json) {
    return model::read_model_config(config_container(json), model::find_layout(family));
}

// What is refused of a config, or nothing.
inline std::string refused(const std::string& family, const std::string& json) {
    const model::ModelConfig config = config_of(family, json);
    return config.unknown_attention + config.unknown_block;
}

}  // namespace attn::test
