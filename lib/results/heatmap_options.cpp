#include "results/heatmap_options.hpp"

#include "core/error.hpp"

namespace attn::results {

void require_colour_range(const HeatmapOptions& options) {
    const std::optional<render::ColorLimit>& low = options.vmin;
    const std::optional<render::ColorLimit>& high = options.vmax;
    if (low && high && low->is_percentile == high->is_percentile && !(low->value < high->value)) {
        const char* const p = low->is_percentile ? "p" : "";
        fail("--vmin ", p, low->value, " --vmax ", p, high->value,
             ": the low end of the colours must be below the high end");
    }
    if (options.scale != render::ScaleKind::log) return;
    for (const auto& [flag, value] :
         {std::pair("--vmin", options.vmin), std::pair("--vmax", options.vmax)}) {
        if (value && !value->is_percentile && !(value->value > 0))
            fail(flag, " ", value->value, ": a log scale of the colours takes numbers above 0");
    }
}

}  // namespace attn::results
