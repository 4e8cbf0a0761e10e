// heatmap: pictures of attention that was saved earlier.
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "commands.hpp"
#include "core/error.hpp"
#include "heatmap_flags.hpp"
#include "output_policy_flags.hpp"
#include "picture_folders.hpp"
#include "pipeline/draw.hpp"
#include "progress_bar.hpp"
#include "several_sources.hpp"
#include "source_flags.hpp"
#include "terminal.hpp"
#include "written_files.hpp"

namespace attn::app {
namespace {

struct HeatmapFlags {
    pipeline::DrawRequest request;
    std::vector<std::string> sources;
    bool terminal = false;
    bool list = false;
};

int print_pictures(const HeatmapFlags& flags, const CommandLine& line) {
    const auto show = [&](const std::string& source) {
        pipeline::DrawRequest request = flags.request;
        request.from.source = source;
        const std::string picture =
            pipeline::draw_in_terminal(request, terminal_columns(),
                                       is_colorful(line.global.no_color), line.console.warnings());
        if (flags.sources.size() > 1) line.console.line(source + ":");
        line.console.document(picture);
        return 0;
    };
    return for_each_source(flags.sources, line.console, show);
}

// Each of several sources has its own folder in the output.
int draw(const HeatmapFlags& flags, const CommandLine& line) {
    const std::string& output = flags.request.output;
    const bool several = flags.sources.size() > 1;
    if (several && pipeline::is_one_picture(output))
        fail("--output ", output, ": is one picture, and there are ", flags.sources.size(),
             " sources; give a folder, each has its own in it");
    if (flags.request.policy.sha256 && pipeline::is_one_picture(output))
        fail("--sha256: has no effect on --output ", output, ", only a folder has a manifest");
    const std::vector<std::string> names = folder_names(flags.sources);
    std::size_t next = 0;
    return for_each_source(
        flags.sources, line.console,
        [&](const std::string& source) {
            const std::string& name = names[next++];
            pipeline::DrawRequest request = flags.request;
            request.from.source = source;
            if (several) request.output = (std::filesystem::path(output) / name).string();
            std::vector<std::string> pictures;
            {
                ProgressBar bar(line.console, line.global.quiet);
                pictures = pipeline::draw(request, bar.progress(), line.console.warnings());
            }
            if (!line.global.quiet) print_written(pictures, flags.list, line.console);
            return 0;
        },
        flags.request.ranks);
}

int execute(const HeatmapFlags& flags, const CommandLine& line) {
    if (flags.terminal) return print_pictures(flags, line);
    if (flags.request.output.empty())
        fail("heatmap needs --output DIR or FILE.png (.svg, .pdf), or --terminal");
    return draw(flags, line);
}

void add_photo_flags(Command& command, pipeline::PhotoRequest& photo) {
    command.heading("Over a photograph");
    command.text(
        "--image", "FILE.png|jpg", photo.image,
        "Draw what queries look at over this picture, as the model saw it: into FILE.png, a "
        "panel a head, a row a layer and target; into DIR, a sheet of each layer and one of all");
    command.text("--grid", "RxC", photo.grid,
                 "How the keys lie on it: 14x14, or 14x14+1 where a class token comes first");
    command.text(
        "--targets", "TARGETS", photo.targets,
        "Queries to draw: cls, a patch R,C or a query N; several as 'cls;3,4' (default cls)");
    command.on("--mean-heads", photo.mean_heads, "One map, the mean of the heads");
}

}  // namespace

void add_heatmap_command(CLI::App& app, CommandLine& line) {
    Command command(app, line, "heatmap", "Draw attention that was saved earlier");
    const auto flags = std::make_shared<HeatmapFlags>();
    pipeline::DrawRequest& request = flags->request;
    add_source_flags(command, request.from, flags->sources);
    add_token_flags(command, request.from);
    command.text("-o,--output", "DIR|FILE.png", request.output,
                 "Folder, in which each of several sources has its own; or one picture: FILE.png, "
                 "FILE.svg, FILE.pdf, or - for standard output");
    add_output_policy_flags(command, request.policy, line.console);
    add_digest_flag(command, request.policy);
    add_list_flag(command, flags->list);
    command.on("--sheet", request.sheet, "All heads on one picture");
    command.on("--terminal", flags->terminal,
               "Print the picture as text (the first head, or those chosen)");
    add_photo_flags(command, request.photo);
    add_heatmap_flags(command, request.heatmaps,
                      {"--scale,--color-scale", "--format,--picture-format",
                       "Format of the pictures in a folder, or of the one on standard output "
                       "(default png); a file has that of its name"});
    command.usual({"--output", "--terminal", "--layer", "--head", "--tokens", "--sheet",
                   "--colormap", "--scale", "--vmax", "--image"},
                  "attn-inspect heatmap weights.npy --tokens tokens.json --sheet -o picture.png");
    command.divided_action([flags, &line] {
        pipeline::DrawRequest& asked = flags->request;
        asked.heatmaps.origin.command = line.text;
        const auto act = [&] { return execute(*flags, line); };
        if (flags->terminal) return on_rank_0(line, "heatmap --terminal", act);
        if (!asked.photo.image.empty()) return on_rank_0(line, "heatmap --image", act);
        asked.ranks = line.ranks;
        return act();
    });
}

}  // namespace attn::app
