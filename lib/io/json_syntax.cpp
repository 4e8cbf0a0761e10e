#include "io/json_syntax.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace attn::io {

void refuse_json(const std::string& path, std::string_view text, std::size_t position,
                 bool too_large) {
    const std::string_view read = text.substr(0, std::min(position, text.size()));
    const auto line = 1 + std::count(read.begin(), read.end(), '\n');
    const std::size_t start = read.rfind('\n');
    const std::size_t column = read.size() - (start == std::string_view::npos ? 0 : start + 1);
    if (too_large) fail(path, ":", line, ":", column, ": a number is too large for float64");
    const std::string_view last = read.substr(read.size() - std::min<std::size_t>(read.size(), 9));
    if (last.find_first_of("NI") != std::string_view::npos) {
        fail(path, ":", line, ":", column,
             ": JSON has no NaN and no Infinity; save such arrays as .npy");
    }
    fail(path, ":", line, ":", column, ": is not valid JSON");
}

}  // namespace attn::io
