// Many small heatmaps on one picture: the heads of a layer, or every layer and head.
#pragma once

#include <string>
#include <vector>

#include "render/heatmap.hpp"

namespace attn::render {

struct Sheet {
    std::string title;
    std::size_t columns = 0;              // panels a row; 0: as square as possible
    std::vector<HeatmapPanel> panels;     // row by row; all of one size; their titles stand above them
    std::vector<std::string> row_titles;  // left of each row ("layer 0"), or none
};

// One colour bar for all panels when `scales` holds one scale; one small bar's worth of text (low
// and high under each panel) when it holds one a panel. Token labels are drawn on the outer panels
// when they are large enough to read.
Image draw_sheet(const Sheet& sheet, const HeatmapStyle& style, const std::vector<ColorScale>& scales);

}  // namespace attn::render
