// The values of a small matrix, written into its cells.
#pragma once

#include <cstddef>
#include <string>

#include "core/span.hpp"
#include "render/figure.hpp"
#include "render/heatmap.hpp"

namespace attn::render {

// How a value is written where the largest of the matrix is `largest`: "0.25", "12.5", "2e-06". On
// a logarithmic scale each stands for itself.
std::string cell_number(double value, double largest);

// Heights of the largest text that lets every number of the matrix stand inside of its cell; 0
// where they do not fit.
std::size_t cell_number_size(MatrixView<const float> cells, const HeatmapStyle& style);

// A side of a cell, in pixels, in which they would fit.
std::size_t cell_side_for_numbers(MatrixView<const float> cells, const HeatmapStyle& style);

// Writes them, dark on light cells and light on dark ones; masked cells stay empty. They must fit.
void add_cell_numbers(Figure& figure, std::size_t x, std::size_t y, MatrixView<const float> cells,
                      const HeatmapStyle& style);

// Ink for text on a colour, by its relative luminance as WCAG 2 defines it; the limit is where both
// inks have the same contrast, near enough.
Color ink_on(Color background);

}  // namespace attn::render
