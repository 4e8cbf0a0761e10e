// Which characters cannot be drawn one by one from left to right.
#pragma once

#include <cstdint>
#include <vector>

namespace attn::render {

// "Hebrew", "combining marks": what the character belongs to, where letters join, stack, change
// places or run from right to left. nullptr for all others.
const char* complex_script(std::uint32_t character);

// Marks that stand on the letter before them.
bool is_combining(std::uint32_t character);

bool needs_shaping(const std::vector<std::uint32_t>& characters);

// Characters that change their neighbours and are not seen themselves.
bool is_invisible(std::uint32_t character);

}  // namespace attn::render
