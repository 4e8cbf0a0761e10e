#include "render/cell_layout.hpp"

#include <algorithm>

#include "core/divide_up.hpp"

namespace attn::render {
namespace {

constexpr std::size_t kLabelledTokens = 64;    // up to here every token can have its label
constexpr std::size_t kLabelledSize = 600;     // pixels that a matrix of few tokens fills
constexpr std::size_t kSize = 400;             // and one of many
constexpr std::size_t kMaxSize = 1024;         // before cells are pooled
constexpr std::size_t kMaxSizeOfCells = 8192;  // the same when the size of a cell was asked for
constexpr std::size_t kLeastStrip = 56;        // the short side of a matrix
constexpr std::size_t kSheetWidth = 2000;
constexpr std::size_t kSheetHeight = 9600;
constexpr std::size_t kLeastPanel = 16;
constexpr std::size_t kMaxPanel = 480;       // of a sheet, while tokens can be labelled
constexpr std::size_t kMaxDensePanel = 260;  // and when they cannot

// The side of a cell so that `count` of them are at least a strip, and no longer than the other
// axis; 0: `pixels` are enough.
std::size_t stretched(std::size_t count, std::size_t other, std::size_t pixels) {
    const std::size_t least = std::min(kLeastStrip, other * pixels);
    const std::size_t side = divide_up(least, std::max<std::size_t>(1, count));
    return side > pixels ? side : 0;
}

void stretch_strips(std::size_t queries, std::size_t keys, std::size_t limit, CellLayout& layout) {
    const std::size_t rows = divide_up(queries, layout.pool),
                      columns = divide_up(keys, layout.pool);
    layout.stretched_height =
        stretched(rows, std::min(columns, limit / layout.pixels), layout.pixels);
    layout.stretched_width =
        stretched(columns, std::min(rows, limit / layout.pixels), layout.pixels);
}

}  // namespace

CellLayout lay_out_cells(std::size_t queries, std::size_t keys, std::optional<std::size_t> cell,
                         std::optional<std::size_t> max_size) {
    const std::size_t longest = std::max({queries, keys, std::size_t{1}});
    const std::size_t limit = max_size.value_or(cell ? kMaxSizeOfCells : kMaxSize);
    const std::size_t least = std::min(cell.value_or(1), limit);
    CellLayout layout;
    layout.pool = divide_up(longest, std::max<std::size_t>(1, limit / least));
    const std::size_t drawn = divide_up(longest, layout.pool);
    if (cell) {
        layout.pixels = least;
    } else if (drawn <= kLabelledTokens) {
        layout.pixels = std::clamp<std::size_t>(kLabelledSize / drawn, 12, 28);
    } else {
        layout.pixels = std::max<std::size_t>(1, kSize / drawn);
    }
    layout.pixels = std::max<std::size_t>(1, std::min(layout.pixels, limit / drawn));
    if (!cell) stretch_strips(queries, keys, limit, layout);
    return layout;
}

SheetSize lay_out_sheet(std::size_t panels) {
    std::size_t root = 1;
    while (root * root < panels) ++root;
    for (std::size_t across = root; across * across <= 4 * panels; ++across) {
        if (panels % across == 0) return {across, panels / across};
    }
    return {root, divide_up(panels, root)};
}

CellLayout lay_out_panel(std::size_t queries, std::size_t keys, const SheetSize& sheet,
                         std::optional<std::size_t> cell, std::optional<std::size_t> max_size) {
    const std::size_t across = std::max<std::size_t>(1, sheet.across);
    if (cell) {
        const std::size_t limit = max_size.value_or(kMaxSizeOfCells / across);
        return lay_out_cells(queries, keys, cell, std::max(kLeastPanel, limit));
    }
    const std::size_t longest = std::max({queries, keys, std::size_t{1}});
    std::size_t side = longest <= kLabelledTokens ? kMaxPanel : kMaxDensePanel;
    side = std::min(side, kSheetWidth / across);
    // Panels that are wider than high may be wider on a sheet of many rows.
    const std::size_t high = kSheetHeight / std::max<std::size_t>(1, sheet.down);
    side = std::min(side, high * longest / std::max<std::size_t>(1, queries));
    side = std::max(kLeastPanel, max_size.value_or(side));
    CellLayout layout;
    layout.pool = divide_up(longest, side);
    layout.pixels = std::clamp<std::size_t>(side / divide_up(longest, layout.pool), 1, 28);
    stretch_strips(queries, keys, side, layout);
    return layout;
}

}  // namespace attn::render
