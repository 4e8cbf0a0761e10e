// What all pictures share: paper, ink, frames, and the step from a place on the colour map to a
// colour.
#pragma once

#include <algorithm>
#include <cstddef>

#include "render/image.hpp"

namespace attn::render {

inline constexpr Color kPaper{255, 255, 255};
inline constexpr Color kInk{38, 38, 38};
inline constexpr Color kFaintInk{120, 120, 120};

// 0…1 to an entry of the colour map, each entry with an equal share, as matplotlib does.
inline std::size_t color_index(double position) {
    return std::min<std::size_t>(255, static_cast<std::size_t>(position * 256));
}

// A line of one pixel around the rectangle, outside it.
inline void draw_frame(Image& image, std::size_t x, std::size_t y, std::size_t width,
                       std::size_t height) {
    image.fill(x - 1, y - 1, width + 2, 1, kInk);
    image.fill(x - 1, y + height, width + 2, 1, kInk);
    image.fill(x - 1, y - 1, 1, height + 2, kInk);
    image.fill(x + width, y - 1, 1, height + 2, kInk);
}

}  // namespace attn::render
