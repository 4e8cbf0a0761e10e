// One matrix as a picture with everything that a reader needs: token labels, axis titles, a colour
// bar and a title. Queries run down, keys across.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/span.hpp"
#include "render/cell_layout.hpp"
#include "render/color_map.hpp"
#include "render/color_scale.hpp"
#include "render/figure.hpp"
#include "render/font.hpp"
#include "render/image.hpp"

namespace attn::render {

// What a masked cell (-inf) and a cell that is not a number are drawn in.
inline constexpr Color kMaskedColor{226, 226, 226};
inline constexpr Color kNotANumberColor{255, 0, 144};

// kMaskedColor, or a pale yellow where a weight of the map has nearly that grey.
Color masked_color(const ColorMap& colors);

// What to draw. Cells are already pooled: cell (i, j) stands for queries first_query + i * pool …
// and keys first_key + j * pool …. -inf marks a masked cell, NaN one that is not a number.
struct HeatmapPanel {
    MatrixView<const float> cells;  // [ceil(queries / pool), ceil(keys / pool)]
    std::size_t first_query = 0;
    std::size_t queries = 0;
    std::size_t first_key = 0;
    std::size_t keys = 0;
    std::vector<std::string> query_labels;  // one for each query of the whole matrix, or none:
    std::vector<std::string> key_labels;    // then indices are written
    std::string title;
    std::string note;                   // a small line below the title
    std::string query_title = "query";  // beside the axes
    std::string key_title = "key";
    std::string left_out;  // what the first column of cells is ("key 0") when it has no say in the
                           // colour range: it is hatched then; else empty
};

// How to draw it.
struct HeatmapStyle {
    const ColorMap* colors = &color_map("viridis");
    ColorScale scale;
    CellLayout layout;
    std::string value_name = "attention weight";  // beside the colour bar
    const Font* font = &Font::embedded();
    bool numbers = false;  // in the cells, where they fit
};

// Where the cells lie in the labelled picture: cell (i, j) fills layout.width() x layout.height()
// from (left + j * width, top + i * height).
struct HeatmapGeometry {
    std::size_t width = 0;  // of the whole picture
    std::size_t height = 0;
    std::size_t left = 0;  // of the matrix
    std::size_t top = 0;
};
HeatmapGeometry measure_heatmap(const HeatmapPanel& panel, const HeatmapStyle& style);

// The labelled picture.
Figure make_heatmap(const HeatmapPanel& panel, const HeatmapStyle& style);

// Only the cells, one pixel each.
Image color_cells(MatrixView<const float> cells, const HeatmapStyle& style);

// The matrix as part of a figure, its corner at (x, y), with a frame around it; each cell is
// layout.width() x layout.height() and holds its number where that is asked for and fits.
void add_cells(Figure& figure, std::size_t x, std::size_t y, MatrixView<const float> cells,
               const HeatmapStyle& style);

// Marks the first column of the panel's cells where it is left out of the colour range.
void add_left_out(Figure& figure, std::size_t x, std::size_t y, const HeatmapPanel& panel,
                  const HeatmapStyle& style);

// The colour of one value.
Color cell_color(float value, const HeatmapStyle& style);

}  // namespace attn::render
