// The flags that say how pictures look; the same for every command that draws.
#pragma once

#include <string>
#include "flags.hpp"

#include "pipeline/heatmap_options.hpp"

namespace attn::app {

// The group of these flags in --help.
inline constexpr const char* kPictures = "Pictures";

// Adds the flags; the options are complete when parsing is. `scale_flag` names the one that says
// how values become colours: "--scale" is taken in commands that compute.
void add_heatmap_flags(Command& command, pipeline::HeatmapOptions& options,
                       const std::string& scale_flag);

}  // namespace attn::app
