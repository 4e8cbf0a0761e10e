#include "io/array_name.hpp"

#include <filesystem>

namespace attn::io {

ArrayName parse_array_name(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    std::error_code ignored;
    if (colon == std::string::npos || colon == 0 || std::filesystem::exists(text, ignored)) {
        return {text, ""};
    }
    return {text.substr(0, colon), text.substr(colon + 1)};
}

std::string full_name(const ArrayName& name) {
    return name.key.empty() ? name.path : name.path + ":" + name.key;
}

}  // namespace attn::io
