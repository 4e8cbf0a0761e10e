// Characters of UTF-8, and whether text is UTF-8 (RFC 3629: no overlong forms, no surrogates,
// nothing above U+10FFFF).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace attn {

struct Utf8Character {
    std::uint32_t code = 0;
    std::size_t size = 1;  // bytes that it takes
    bool valid = false;    // if not, `code` means nothing and one byte is to be skipped
};

// The character at the start of text that is not empty.
Utf8Character first_character(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace attn
