// Many small heatmaps on one picture: the heads of a layer, or every layer and head.
#pragma once

#include <string>
#include <vector>

#include "render/heatmap.hpp"

namespace attn::render {

struct Sheet {
    std::string title;
    std::string note;                  // a small line below the title
    std::size_t columns = 1;           // panels in a row
    std::vector<HeatmapPanel> panels;  // row by row, all of one size; their titles stand above them
    std::vector<std::string> row_titles;     // left of each row ("layer 0"), or none
    std::vector<std::string> column_titles;  // above the first row ("head 0"), or none
};

// The colour bar stands beside the first row, and again for every page of a high sheet. Labels
// stand at the left of each row and below the last panel of each column. Titles that are wider than
// a panel become their last word.
Figure make_sheet(const Sheet& sheet, const HeatmapStyle& style);

}  // namespace attn::render
