// How large a cell of the matrix is drawn, and how many cells share one when the matrix is too
// large for the picture.
#pragma once

#include <cstddef>
#include <optional>

namespace attn::render {

struct CellLayout {
    std::size_t pixels = 1;  // side of a drawn cell
    std::size_t pool = 1;    // a drawn cell stands for pool x pool cells of the matrix
    // Where a matrix of few rows or columns would be a thread: what it is stretched to; 0:
    // `pixels`.
    std::size_t stretched_width = 0;
    std::size_t stretched_height = 0;

    std::size_t width() const { return stretched_width > 0 ? stretched_width : pixels; }
    std::size_t height() const { return stretched_height > 0 ? stretched_height : pixels; }
};

// For a picture of its own. `cell` and `max_size` as in --cell and --max-size (pixels of the
// longest side of the matrix). Without them, cells of up to 64 tokens are large enough to label,
// matrices above 1024 are pooled, and strips of few rows or columns are stretched so that their
// colours can be seen; not where `cell` says how large cells are.
CellLayout lay_out_cells(std::size_t queries, std::size_t keys, std::optional<std::size_t> cell,
                         std::optional<std::size_t> max_size);

// The panels of a sheet.
struct SheetSize {
    std::size_t across = 1;
    std::size_t down = 1;
};

// As near to a square as leaves no place empty, wider than high: 32 panels are 8 x 4. Where that
// would be a strip (13 panels), places stay empty.
SheetSize lay_out_sheet(std::size_t panels);

// For one panel. Without `cell` and `max_size` (of the panel's longest side) the sheet is about
// 2000 pixels wide, and not higher than people scroll.
CellLayout lay_out_panel(std::size_t queries, std::size_t keys, const SheetSize& sheet,
                         std::optional<std::size_t> cell, std::optional<std::size_t> max_size);

}  // namespace attn::render
