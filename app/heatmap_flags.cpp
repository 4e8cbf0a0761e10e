#include "heatmap_flags.hpp"

#include <string>

#include "core/error.hpp"
#include "core/printable.hpp"
#include "core/word_list.hpp"
#include "flags.hpp"
#include "render/color_map.hpp"

namespace attn::app {
namespace {

constexpr WholeRange kCells{1, 256};
constexpr WholeRange kSizes{16, 16384};
constexpr WholeRange kDots{20, 2400};
constexpr std::size_t kLongestTitle = 300;  // characters; a picture is as wide as its title

}  // namespace

void add_color_flags(Command& command, results::HeatmapOptions& options) {
    command
        .choice(
            "--colormap", render::color_map_names(),
            [&options](const std::string& name) { options.colormap = name; },
            "Colours: " + joined(render::color_map_names(), ", ") + " (default viridis)")
        .takes("NAME");
    command.parsed(
        "--vmin", "X|pN",
        [&options](const std::string& text) { options.vmin = render::color_limit(text, "--vmin"); },
        "Value at the low end of the colours, or a percentile of the cells such as p1 (default 0, "
        "or the smallest below)");
    command.parsed(
        "--vmax", "X|pN",
        [&options](const std::string& text) { options.vmax = render::color_limit(text, "--vmax"); },
        "Value at the high end of the colours, or a percentile such as p99 (default: the largest; "
        "rows whose only weight is 1, as a causal first row, do not count)");
}

void add_size_flags(Command& command, results::HeatmapOptions& options) {
    command.whole("--cell", options.cell, kCells, "Side of a cell in pixels, on sheets too");
    command.whole(
        "--max-size", options.max_size, kSizes,
        "Longest side of each matrix in pixels; larger matrices are pooled (default 1024, on "
        "sheets less)");
}

void add_heatmap_flags(Command& command, results::HeatmapOptions& options,
                       const HeatmapFlagNames& names) {
    command.heading(kPictures);
    command.choice(
        names.format, render::picture_format_names(),
        [&options](const std::string& name) {
            options.print.format = render::picture_format(name);
            options.chose_format = true;
        },
        names.format_help);
    add_color_flags(command, options);
    command
        .choice(
            names.scale, {"linear", "sqrt", "log"},
            [&options](const std::string& name) { options.scale = render::scale_kind(name); },
            "From value to colour: linear, sqrt or log (default linear)")
        .takes("KIND");
    add_size_flags(command, options);
    command
        .choice(
            "--pool", {"max", "mean"},
            [&options](const std::string& name) { options.pool = analysis::pool_kind(name); },
            "How cells of a large matrix become one: max or mean (default max, which keeps lone "
            "peaks)")
        .takes("KIND");
    command.on("--plain", options.plain, "One pixel a cell, no labels");
    command.on(
        "--drop-first", options.drop_first,
        "Leave key 0 out of the colour range and hatch it (a first-token sink hides everything "
        "else)");
    command.on("--shared-scale", options.shared_scale, "One colour range for all pictures");
    command.repeated("--font", "FILE.ttf", options.fonts,
                     "TrueType font for labels; several times: each for what those before lack "
                     "(default: DejaVu Sans, built in, then usual fonts of the system)");
    command.on("--clean-tokens", options.clean_tokens,
               "Labels as people read them, without the marks of tokenisers (## and their like)");
    command.parsed(
        "--title", "TEXT",
        [&options](const std::string& text) {
            if (printable(text) != text)
                fail("--title ", quoted(text), ": expected one line of text");
            if (character_count(text) > kLongestTitle)
                fail("--title: has ", character_count(text), " characters, expected at most ",
                     kLongestTitle);
            options.title = text;
        },
        "Title of the picture; in a folder of pictures, which head it is stands below");
    command.on(
        "--no-title", [&options] { options.title = ""; }, "No title, for pictures with a caption");
    command.on("--annotate", options.numbers, "Write the numbers into the cells, where they fit");
    command.whole("--dpi", options.print.dots_per_inch, kDots,
                  "Pixels an inch of PNG (default 100); the size in inches stays, that of SVG and "
                  "PDF too");
    command.on("--transparent", options.print.transparent, "Paint no paper behind the picture");
    command.text("--queries", "A:B", options.queries, "Draw only queries A to B-1");
    command.text("--keys", "A:B", options.keys, "Draw only keys A to B-1");
}

}  // namespace attn::app
