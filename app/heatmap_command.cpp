// heatmap: pictures of attention that was saved earlier.
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include "commands.hpp"
#include "core/error.hpp"
#include "core/index_list.hpp"
#include "heatmap_flags.hpp"
#include "pipeline/draw.hpp"
#include "progress_bar.hpp"

namespace attn::app {
namespace {

struct HeatmapFlags {
    pipeline::DrawRequest request;
    bool terminal = false;
};

std::size_t terminal_columns() {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    constexpr std::size_t kUsual = 80;
    return kUsual;
}

bool colorful(const GlobalOptions& global) {
    return isatty(STDOUT_FILENO) != 0 && !global.no_color && std::getenv("NO_COLOR") == nullptr;
}

void add_list(CLI::App& command, const std::string& flag,
              std::optional<std::vector<std::size_t>>& target, const std::string& help) {
    command
        .add_option_function<std::string>(
            flag,
            [&target, flag](const std::string& list) { target = parse_index_list(list, flag); },
            help)
        ->type_name("LIST");
}

int execute(const HeatmapFlags& flags, const GlobalOptions& global) {
    if (flags.terminal) {
        std::cout << pipeline::draw_in_terminal(flags.request, terminal_columns(),
                                                colorful(global));
        return 0;
    }
    if (flags.request.output.empty()) fail("heatmap needs --output DIR or FILE.png, or --terminal");
    std::vector<std::string> pictures;
    {
        ProgressBar bar(global.quiet);
        pictures = pipeline::draw(flags.request, bar.progress());
    }
    if (!global.quiet) {
        for (const std::string& picture : pictures) std::cout << picture << '\n';
    }
    return 0;
}

}  // namespace

void add_heatmap_command(CLI::App& app, CommandLine& line) {
    CLI::App& command = *app.add_subcommand("heatmap", "Draw attention that was saved earlier");
    const auto flags = std::make_shared<HeatmapFlags>();
    pipeline::DrawRequest& request = flags->request;
    command
        .add_option(
            "source", request.source,
            "A folder that run wrote, or an array [q, k], [heads, q, k], [layers, heads, q, k] or "
            "[layers, batch, heads, q, k]")
        ->type_name("SOURCE")
        ->required();
    command.add_option("-o,--output", request.output, "Folder, or one picture: FILE.png")
        ->type_name("DIR|FILE.png");
    command.add_option("--tokens", request.tokens, "Labels: a JSON array, or one token a line")
        ->type_name("FILE");
    command
        .add_option("--key-tokens", request.key_tokens,
                    "Labels of the keys where they are not the queries")
        ->type_name("FILE");
    add_list(command, "--layer", request.layers, "Draw only these layers, such as 0,3-5");
    add_list(command, "--head", request.heads, "Draw only these heads");
    add_list(command, "--seq", request.sequences, "Draw only these sequences of the batch");
    command.add_flag("--sheet", request.sheet, "All heads on one picture");
    command.add_flag("--terminal", flags->terminal,
                     "Print the picture as text (the first head, or those chosen)");
    add_heatmap_flags(command, request.heatmaps, "--scale,--color-scale");
    command.callback(
        [flags, &line] { line.action = [flags, &line] { return execute(*flags, line.global); }; });
}

}  // namespace attn::app
