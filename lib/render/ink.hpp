// What all pictures share: paper, ink, and the step from a place on the colour map to a
// colour.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>

#include "render/image.hpp"

namespace attn::render {

inline constexpr Color kPaper{255, 255, 255};
inline constexpr Color kInk{38, 38, 38};
inline constexpr Color kFaintInk{120, 120, 120};

// 0…1 to an entry of the colour map, each entry with an equal share, as matplotlib does.
inline std::size_t color_index(double position) {
    return std::min<std::size_t>(255, static_cast<std::size_t>(position * 256));
}

// The code that gives what a terminal writes from now on this colour: `layer` 38 is the text, 48
// the ground.
inline std::string terminal_color(int layer, Color color) {
    char text[32];
    std::snprintf(text, sizeof text, "\033[%d;2;%d;%d;%dm", layer, color.red, color.green,
                  color.blue);
    return text;
}

}  // namespace attn::render
