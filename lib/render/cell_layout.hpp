// How large a cell of the matrix is drawn, and how many cells share one when the matrix is too
// large for the picture.
#pragma once

#include <cstddef>
#include <optional>

namespace attn::render {

struct CellLayout {
    std::size_t pixels = 1;  // side of a drawn cell
    std::size_t pool = 1;    // a drawn cell stands for pool x pool cells of the matrix
};

// For a picture of its own. `cell` and `max_size` as in --cell and --max-size (pixels of the
// longest side of the matrix). Without them, cells of up to 64 tokens are large enough to label,
// and matrices above 1024 are pooled.
CellLayout lay_out_cells(std::size_t queries, std::size_t keys, std::optional<std::size_t> cell,
                         std::optional<std::size_t> max_size);

// For one of `across` panels that stand side by side on a sheet about 2000 pixels wide.
CellLayout lay_out_panel(std::size_t queries, std::size_t keys, std::size_t across,
                         std::optional<std::size_t> max_size);

}  // namespace attn::render
