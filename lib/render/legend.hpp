// What the colour bar cannot say: masked cells, cells that are not numbers, those outside of its
// range, and the key that has no say in it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "render/heatmap.hpp"

namespace attn::render {

// Which cells of a picture need an explanation.
struct SpecialCells {
    bool masked = false;
    bool not_a_number = false;
    std::size_t below = 0;  // cells outside of the colours' range
    std::size_t above = 0;
    std::string left_out;  // see HeatmapPanel

    void add(MatrixView<const float> cells, const ColorScale& scale);
    void add(const HeatmapPanel& panel, const ColorScale& scale);
};

struct LegendEntry {
    Color color;
    bool hatched = false;
    std::string text;
};

// Small squares with texts beside them, one below the other.
std::vector<LegendEntry> make_legend(const SpecialCells& cells, const HeatmapStyle& style);

// Pixels that the legend takes.
std::size_t legend_width(const std::vector<LegendEntry>& legend, const HeatmapStyle& style,
                         std::size_t text_size);
std::size_t legend_height(const std::vector<LegendEntry>& legend, std::size_t text_size);

// Adds it; (x, y) is its top left corner.
void add_legend(Figure& figure, const std::vector<LegendEntry>& legend, std::size_t text_size,
                std::size_t x, std::size_t y);

// "3 cells above 0.3", "1 cell below 0.1".
std::string outside_text(std::size_t count, bool above, const ColorScale& scale);

}  // namespace attn::render
