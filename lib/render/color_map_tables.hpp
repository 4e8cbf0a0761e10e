// The colours of the colour maps, as 0xRRGGBB.
#pragma once

#include <array>
#include <cstdint>

namespace attn::render {

struct ColorMapTable {
    const char* name;
    std::array<std::uint32_t, 256> colors;
};

extern const std::array<ColorMapTable, 8> kColorMapTables;

}  // namespace attn::render
