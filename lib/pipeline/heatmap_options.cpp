#include "pipeline/heatmap_options.hpp"

#include "core/error.hpp"

namespace attn::pipeline {

void require_colour_range(const HeatmapOptions& options) {
    if (options.vmin && options.vmax && !(*options.vmin < *options.vmax)) {
        fail("--vmin ", *options.vmin, " --vmax ", *options.vmax,
             ": the low end of the colours must be below the high end");
    }
    if (options.scale != render::ScaleKind::log) return;
    for (const auto& [flag, value] :
         {std::pair("--vmin", options.vmin), std::pair("--vmax", options.vmax)}) {
        if (value && !(*value > 0))
            fail(flag, " ", *value, ": a log scale of the colours takes numbers above 0");
    }
}

}  // namespace attn::pipeline
