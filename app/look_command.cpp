// look: one screen about a file, or a line about each of several. The command for who gives none.
#include <memory>
#include <string>
#include <vector>

#include "attention_flags.hpp"
#include "commands.hpp"
#include "core/error.hpp"
#include "look_screen.hpp"
#include "pipeline/look.hpp"
#include "pipeline/look_sources.hpp"
#include "progress_bar.hpp"
#include "source_flags.hpp"
#include "terminal.hpp"

namespace attn::app {
namespace {

using pipeline::LookResult;

struct LookFlags {
    pipeline::LookRequest request;
    std::vector<std::string> sources;
    bool json = false;
};

LookResult look_at(const LookFlags& flags, bool alone, const CommandLine& line) {
    ProgressBar bar(line.console, line.global.quiet);
    // A line about each of many says what it was taken for; warnings would hide it.
    return pipeline::look(flags.request, bar.progress(), alone ? line.console.warnings() : nullptr);
}

int execute(LookFlags& flags, const CommandLine& line) {
    std::vector<std::string> sources;
    for (const std::string& source : flags.sources) {
        const auto inside = pipeline::sources_in(source);
        sources.insert(sources.end(), inside.begin(), inside.end());
    }
    std::vector<LookLine> rows;
    std::vector<std::string> unreadable;
    std::vector<results::LookedAt> files;
    int code = 0;
    for (const std::string& source : sources) {
        flags.request.from.source = source;
        try {
            LookResult result = look_at(flags, sources.size() == 1, line);
            if (result.failed()) code = 1;
            if (flags.json)
                files.push_back({source, std::move(result), ""});
            else if (sources.size() > 1)
                rows.push_back(look_line(result, source));
            else if (!line.global.quiet)
                print_look_screen(result, source, is_colorful(line.global.no_color), line.console);
        } catch (const Error& problem) {
            if (sources.size() == 1) throw;
            if (flags.json)
                files.push_back({source, {}, problem.what()});
            else
                rows.push_back({source, "cannot be read", problem.what(), ""});
            unreadable.emplace_back(problem.what());
        }
    }
    if (flags.json) line.console.document(results::look_json(files));
    if (!rows.empty() && !line.global.quiet) print_look_lines(rows, line.console);
    if (!unreadable.empty()) {
        line.console.finish();  // what could be read is told, too
        fail(unreadable.size(), " of ", sources.size(), " cannot be read: ", unreadable.front());
    }
    return code;
}

}  // namespace

void add_look_command(CLI::App& app, CommandLine& line) {
    Command command(app, line, "look",
                    "The first look: what it is, whether it is sane, what its heads do");
    const auto flags = std::make_shared<LookFlags>();
    command
        .texts("source", "FILE…", flags->sources,
               "Run folders, arrays FILE[:KEY], checkpoints, folders of them; several give a line "
               "each. The word look may be left out")
        .completes(Completion::array)
        .required();
    add_axes_flag(command, "--axes", flags->request.from.axes, "Axes of the array");
    add_token_flags(command, flags->request.from);
    add_mask_flags(command, flags->request.attention);
    command.on("--json", flags->json,
               "Print JSON: {\"passed\": …, \"files\": […]}, the same numbers");
    command.usual({"--axes", "--tokens", "--causal", "--mask", "--key-lengths", "--json"},
                  "attn-inspect look attention.npz");
    command.action([flags, &line] { return execute(*flags, line); });
}

}  // namespace attn::app
