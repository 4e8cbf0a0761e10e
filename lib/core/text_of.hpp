// Bytes of a file as characters.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/span.hpp"

namespace attn {

// Not copied: valid as long as the bytes. The byte order mark that Windows puts before UTF-8 is no
// part of the text.
inline std::string_view text_of(Span<const std::byte> bytes) {
    constexpr std::string_view kMark = "\xef\xbb\xbf";
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return text.substr(text.substr(0, kMark.size()) == kMark ? kMark.size() : 0);
}

}  // namespace attn
