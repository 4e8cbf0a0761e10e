// Colours that tell lines apart, also for people who do not see red and green as two colours.
#pragma once

#include <cstddef>
#include <vector>

#include "render/image.hpp"

namespace attn::render {

// Colours with a meaning of their own, which no line has.
inline constexpr Color kVermilion{213, 94, 0};

// `count` colours: the six of Okabe and Ito's palette (2008) that are seen on white, while they are
// enough; else places along cividis, from dark to light, which keep their order in grey.
std::vector<Color> line_colors(std::size_t count);

// `count` colours of things without an order: twelve that are seen on white and differ, then again
// from the first.
std::vector<Color> distinct_colors(std::size_t count);

}  // namespace attn::render
