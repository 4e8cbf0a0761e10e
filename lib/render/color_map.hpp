// Colour maps: 256 colours from the smallest value to the largest, as matplotlib users know them.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "render/image.hpp"

namespace attn::render {

using ColorMap = std::array<Color, 256>;

// viridis, magma, inferno, plasma, cividis, gray, blues, coolwarm.
const std::vector<std::string>& color_map_names();

// Throws Error, with the nearest name, for a name that is not one of them.
const ColorMap& color_map(const std::string& name);

}  // namespace attn::render
