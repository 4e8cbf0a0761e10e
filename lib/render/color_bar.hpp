// The bar that says which colour is which value.
#pragma once

#include <cstddef>

#include "render/heatmap.hpp"

namespace attn::render {

struct ColorBar {
    std::size_t text_size = 12;
    std::size_t height = 0;  // with its arrows
    bool below = false;      // whether there are values beyond its ends, which then are arrows
    bool above = false;
};

// Pixels from the bar's left edge to the end of its texts.
std::size_t color_bar_width(const HeatmapStyle& style, const ColorBar& bar);

// Pixels from the bar's upper edge to below its lowest text.
std::size_t color_bar_bottom(const ColorBar& bar);

// Adds the bar with the numbers of its ends, those between that have room, and the name of the
// values; (x, y) is its top left corner.
void add_color_bar(Figure& figure, const HeatmapStyle& style, const ColorBar& bar, std::size_t x,
                   std::size_t y);

}  // namespace attn::render
