// What pictures a command draws and how; the same for computed and for stored attention.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "analysis/cell_pooling.hpp"
#include "render/color_map.hpp"
#include "render/color_scale.hpp"
#include "render/font.hpp"

namespace attn::pipeline {

struct HeatmapOptions {
    std::string colormap = "viridis";
    render::ScaleKind scale = render::ScaleKind::linear;
    std::optional<render::ColorLimit> vmin;
    std::optional<render::ColorLimit> vmax;
    std::optional<std::size_t> cell;      // pixels of a cell's side
    std::optional<std::size_t> max_size;  // pixels of the matrix' longest side
    analysis::PoolKind pool = analysis::PoolKind::max;
    bool clean_tokens = false;  // labels without the marks of tokenisers
    bool plain = false;         // only cells, one pixel each
    bool drop_first = false;    // key 0 does not count for the colour range
    bool shared_scale = false;  // one colour range for all pictures
    std::string font;           // TrueType file; empty: the embedded one
    std::string queries;        // "A:B", the part to draw; empty: all
    std::string keys;
};

// Throws Error for limits of the colours that are no range on this scale: --vmin and --vmax in the
// wrong order, or without a logarithm.
void require_colour_range(const HeatmapOptions& options);

}  // namespace attn::pipeline
