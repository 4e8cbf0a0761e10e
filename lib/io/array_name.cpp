#include "io/array_name.hpp"

#include <filesystem>

namespace attn::io {

ArrayName parse_array_name(const std::string& text) {
    const std::size_t last = text.rfind(':');
    std::error_code ignored;
    if (last == std::string::npos || last == 0 || std::filesystem::exists(text, ignored))
        return {text, ""};
    // Keys may hold colons, too: the longest name of a file that is there.
    for (std::size_t colon = last; colon != std::string::npos && colon > 0;
         colon = text.rfind(':', colon - 1)) {
        const std::string path = text.substr(0, colon);
        if (path == "-" || std::filesystem::exists(path, ignored))
            return {path, text.substr(colon + 1)};
    }
    return {text.substr(0, last), text.substr(last + 1)};
}

std::string full_name(const ArrayName& name) {
    return name.key.empty() ? name.path : name.path + ":" + name.key;
}

}  // namespace attn::io
