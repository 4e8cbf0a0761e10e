#include "heatmap_flags.hpp"

#include <string>

#include "core/error.hpp"
#include "render/color_map.hpp"

namespace attn::app {
namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

constexpr std::size_t kMaxCell = 256;
constexpr std::size_t kMaxSize = 16384;

}  // namespace

void add_heatmap_flags(CLI::App& command, pipeline::HeatmapOptions& options,
                       const std::string& scale_flag) {
    const std::string group = "Pictures";
    command
        .add_option_function<std::string>(
            "--colormap",
            [&options](const std::string& name) {
                render::color_map(name);
                options.colormap = name;
            },
            "Colours: " + joined(render::color_map_names()) + " (default viridis)")
        ->type_name("NAME")
        ->group(group);
    command.add_option("--vmin", options.vmin, "Value at the low end of the colours")
        ->type_name("V")
        ->group(group);
    command.add_option("--vmax", options.vmax, "Value at the high end of the colours")
        ->type_name("V")
        ->group(group);
    command
        .add_option_function<std::string>(
            scale_flag,
            [&options](const std::string& name) { options.scale = render::scale_kind(name); },
            "From value to colour: linear, sqrt or log (default linear)")
        ->type_name("KIND")
        ->group(group);
    command.add_option("--cell", options.cell, "Side of a cell in pixels")
        ->check(CLI::Range(std::size_t{1}, kMaxCell))
        ->type_name("N")
        ->group(group);
    command
        .add_option(
            "--max-size", options.max_size,
            "Longest side of the matrix in pixels; larger matrices are pooled (default 1024)")
        ->check(CLI::Range(std::size_t{16}, kMaxSize))
        ->type_name("N")
        ->group(group);
    command
        .add_option_function<std::string>(
            "--pool",
            [&options](const std::string& name) { options.pool = analysis::pool_kind(name); },
            "How cells of a large matrix become one: max or mean (default max, which keeps lone "
            "peaks)")
        ->type_name("KIND")
        ->group(group);
    command.add_flag("--plain", options.plain, "One pixel a cell, no labels")->group(group);
    command
        .add_flag("--drop-first", options.drop_first,
                  "Leave key 0 out of the colour range (a first-token sink hides everything else)")
        ->group(group);
    command.add_flag("--shared-scale", options.shared_scale, "One colour range for all pictures")
        ->group(group);
    command
        .add_option("--font", options.font,
                    "TrueType font for labels (default: DejaVu Sans, built in)")
        ->type_name("FILE.ttf")
        ->group(group);
    command.add_option("--queries", options.queries, "Draw only queries A to B-1")
        ->type_name("A:B")
        ->group(group);
    command.add_option("--keys", options.keys, "Draw only keys A to B-1")
        ->type_name("A:B")
        ->group(group);
}

}  // namespace attn::app
