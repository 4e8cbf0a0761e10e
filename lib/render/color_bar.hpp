// The bar that says which colour is which value.
#pragma once

#include <cstddef>

#include "render/heatmap.hpp"

namespace attn::render {

// Pixels from the bar's left edge to the end of its texts, written with `text_size`.
std::size_t color_bar_width(const HeatmapStyle& style, std::size_t text_size);

// Adds the bar with its ticks and the name of the values; (x, y) is its top left corner, `height`
// that of the coloured part.
void add_color_bar(Figure& figure, const HeatmapStyle& style, std::size_t text_size, std::size_t x,
                   std::size_t y, std::size_t height);

// Which special colours need an explanation.
struct LegendEntries {
    bool masked = false;
    bool not_a_number = false;
};
LegendEntries find_special_cells(MatrixView<const float> cells);

// Small squares with "masked" and "NaN" beside them, one below the other.
void add_legend(Figure& figure, LegendEntries entries, std::size_t text_size, std::size_t x,
                std::size_t y);

}  // namespace attn::render
