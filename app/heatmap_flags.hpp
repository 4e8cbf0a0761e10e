// The flags that say how pictures look; the same for every command that draws.
#pragma once

#include <string>
#include "flags.hpp"

#include "results/heatmap_options.hpp"

namespace attn::app {

// The group of these flags in --help.
inline constexpr const char* kPictures = "Pictures";

// What the flags are called whose usual names are taken in commands that compute: --scale is the
// factor of the scores there, --format that of the arrays.
struct HeatmapFlagNames {
    std::string scale;   // how values become colours
    std::string format;  // of the pictures
    std::string format_help;
};

// Adds the flags; the options are complete when parsing is.
void add_heatmap_flags(Command& command, results::HeatmapOptions& options,
                       const HeatmapFlagNames& names);

// Those of them that say which value has which colour, and how large cells are, for commands whose
// pictures are no heatmaps otherwise. They stand below a heading of the caller's.
void add_color_flags(Command& command, results::HeatmapOptions& options);
void add_size_flags(Command& command, results::HeatmapOptions& options);

}  // namespace attn::app
