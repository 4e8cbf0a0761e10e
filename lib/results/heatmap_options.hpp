// What pictures a command draws and how; the same for computed and for stored attention.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/cell_pooling.hpp"
#include "render/color_map.hpp"
#include "render/color_scale.hpp"
#include "render/font.hpp"
#include "render/picture_format.hpp"

namespace attn::results {

// What pictures say about where they come from.
struct PictureOrigin {
    std::string source;   // files, as the user called them
    std::string command;  // that draws the same again
};

struct HeatmapOptions {
    std::string colormap = "viridis";
    render::ScaleKind scale = render::ScaleKind::linear;
    std::optional<render::ColorLimit> vmin;
    std::optional<render::ColorLimit> vmax;
    std::optional<std::size_t> cell;      // pixels of a cell's side
    std::optional<std::size_t> max_size;  // pixels of the matrix' longest side
    analysis::PoolKind pool = analysis::PoolKind::max;
    bool clean_tokens = false;         // labels without the marks of tokenisers
    bool plain = false;                // only cells, one pixel each
    bool drop_first = false;           // key 0 does not count for the colour range
    bool shared_scale = false;         // one colour range for all pictures
    std::vector<std::string> fonts;    // TrueType files in their order; empty: the embedded one
    std::optional<std::string> title;  // instead of ours; empty: none
    bool numbers = false;              // in the cells
    render::Print print;
    bool chose_format = false;  // by a flag, not by the name of a file
    PictureOrigin origin;
    std::string queries;  // "A:B", the part to draw; empty: all
    std::string keys;
};

// Throws Error for limits of the colours that are no range on this scale: --vmin and --vmax in the
// wrong order, or without a logarithm.
void require_colour_range(const HeatmapOptions& options);

}  // namespace attn::results
