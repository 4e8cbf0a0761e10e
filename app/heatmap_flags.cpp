#include "heatmap_flags.hpp"

#include <string>

#include "number_flags.hpp"
#include "render/color_map.hpp"

namespace attn::app {
namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

constexpr WholeRange kCells{1, 256};
constexpr WholeRange kSizes{16, 16384};

}  // namespace

void add_heatmap_flags(CLI::App& command, pipeline::HeatmapOptions& options,
                       const std::string& scale_flag) {
    const std::string group = kPictures;
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
    add_real(command, "--vmin", options.vmin, RealRange::any(),
             "Value at the low end of the colours")
        ->group(group);
    add_real(command, "--vmax", options.vmax, RealRange::any(),
             "Value at the high end of the colours")
        ->group(group);
    command
        .add_option_function<std::string>(
            scale_flag,
            [&options](const std::string& name) { options.scale = render::scale_kind(name); },
            "From value to colour: linear, sqrt or log (default linear)")
        ->type_name("KIND")
        ->group(group);
    add_whole(command, "--cell", options.cell, kCells, "Side of a cell in pixels")->group(group);
    add_whole(command, "--max-size", options.max_size, kSizes,
              "Longest side of the matrix in pixels; larger matrices are pooled (default 1024)")
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
