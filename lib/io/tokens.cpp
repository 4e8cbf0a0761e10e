#include "io/tokens.hpp"

#include <string_view>

#include "core/error.hpp"
#include "io/container.hpp"
#include "io/file_bytes.hpp"
#include "io/json.hpp"
#include "io/utf8.hpp"

namespace attn::io {
namespace {

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        lines.emplace_back(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

}  // namespace

std::vector<std::vector<std::string>> load_tokens(const std::string& path) {
    const FileBytes file = map_file(path);
    const std::string_view text(reinterpret_cast<const char*>(file.bytes.data()),
                                file.bytes.size());
    if (!is_utf8(text)) fail(path, ": is not UTF-8 text, expected tokens");
    // A token "[" alone on the first line is text, an array of texts is JSON.
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    const bool json = first != std::string_view::npos && text[first] == '[' &&
                      text.find(']') != std::string_view::npos &&
                      text.find('"') != std::string_view::npos;
    if (!json) return {lines_of(text)};

    Container container;
    container.path = path;
    parse_json(file, container);
    const auto found = container.texts.find("");
    if (found == container.texts.end()) {
        fail(path, ": expected a JSON array of texts, or one such array for each sequence");
    }
    return found->second;
}

}  // namespace attn::io
