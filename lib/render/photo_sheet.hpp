// Attention over a photograph: the keys of one query as a translucent map on the patches that they
// are.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/array.hpp"
#include "render/figure.hpp"
#include "render/heatmap.hpp"
#include "render/image.hpp"

namespace attn::render {

struct PhotoPanel {
    std::string title;
    MatrixView<const float> cells;  // [rows, columns] of patches
    // The patch that looks, where it is one.
    std::optional<std::pair<std::size_t, std::size_t>> target;  // row, column
};

// All panels have the same number of patches, over the same photograph.
struct PhotoSheet {
    std::string title;
    std::string note;
    std::size_t columns = 1;
    std::vector<PhotoPanel> panels;       // row by row
    std::vector<std::string> row_titles;  // left of each row
    const Image* photo = nullptr;
};

// style.layout.pixels is the side of a patch; one colour bar for all panels.
Figure make_photo_sheet(const PhotoSheet& sheet, const HeatmapStyle& style);

}  // namespace attn::render
