// The characters of the texts in pictures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace attn::render {

// The characters of UTF-8 text; bytes that are none become U+FFFD. And one of them as text.
std::vector<std::uint32_t> utf8_characters(const std::string& text);
std::string utf8_text(std::uint32_t character);

}  // namespace attn::render
