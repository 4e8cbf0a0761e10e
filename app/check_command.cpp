// check: is this attention sane? Exit code 1 when not.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "attention_flags.hpp"
#include "check_table.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "core/error.hpp"
#include "core/word_list.hpp"
#include "flags.hpp"
#include "pipeline/check.hpp"
#include "progress_bar.hpp"
#include "several_sources.hpp"
#include "source_flags.hpp"
#include "terminal.hpp"

namespace attn::app {
namespace {

using Found = results::CheckedSource;

struct CheckFlags {
    pipeline::CheckRequest request;
    std::vector<std::string> sources;
    bool strict = false;
    bool json = false;
};

bool all_passed(const std::vector<Found>& all, bool strict) {
    return std::none_of(all.begin(), all.end(),
                        [&](const Found& found) { return found.result.failed(strict); });
}

// What was asked for by name and could not be told has not passed.
void require_checked(const CheckFlags& flags, const Found& found) {
    const auto is_skipped = [](const results::CheckLine& line) {
        return line.verdict == results::Verdict::skipped;
    };
    const std::vector<results::CheckLine>& lines = found.result.lines;
    if (flags.request.only.empty() || lines.empty() ||
        !std::all_of(lines.begin(), lines.end(), is_skipped))
        return;
    fail(found.source, ": --only ", joined(flags.request.only), ": nothing was checked; ",
         lines.front().name, ": ", lines.front().message);
}

int execute(CheckFlags& flags, const CommandLine& line) {
    std::vector<Found> all;
    const int code = for_each_source(
        flags.sources, line.console,
        [&](const std::string& source) {
            flags.request.from.source = source;
            ProgressBar bar(line.console, line.global.quiet);
            Found found{source,
                        pipeline::check(flags.request, bar.progress(), line.console.warnings())};
            require_checked(flags, found);
            all.push_back(std::move(found));
            return all.back().result.failed(flags.strict) ? 1 : 0;
        },
        flags.request.ranks);
    if (all.empty()) return code;
    const bool several = flags.sources.size() > 1;
    if (flags.json) {
        const bool passed = code != kTrouble && all_passed(all, flags.strict);
        line.console.document(results::checks_json(all, several, passed));
    } else if (!line.global.quiet) {
        print_checks(all, several, flags.strict, is_colorful(line.global.no_color), line.console);
    }
    return code;
}

std::string list_names() {
    return "Checks: " + joined(pipeline::check_names(), ", ");
}

}  // namespace

void add_check_command(CLI::App& app, CommandLine& line) {
    Command command(app, line, "check", "Is this attention sane? Exit code 1 when it is not");
    const auto flags = std::make_shared<CheckFlags>();
    add_source_flags(command, flags->request.from, flags->sources);
    add_mask_flags(command, flags->request.attention);
    command.heading("Options");
    command.real(
        "--atol", flags->request.atol, RealRange::between(0, 1),
        "How far a row sum may be from 1, a weight above 1 (default 1e-3; sums of float16 and "
        "bfloat16 as much more as rounding does); below 0 none may be");
    command
        .words("--only", flags->request.only,
               "Only these checks; whether these are probabilities at all is told anyway")
        .completes_list(pipeline::check_names());
    command.words("--skip", flags->request.skip, "Without these checks")
        .completes_list(pipeline::check_names());
    command.on("--strict", flags->strict, "Warnings fail too");
    command.on("--json", flags->json, "Print JSON: {\"passed\": …, \"checks\": […]}");
    command.footer(list_names());
    command.usual(
        {"--causal", "--mask", "--key-lengths", "--atol", "--only", "--skip", "--strict", "--json"},
        "attn-inspect check weights.npy --causal && echo sane");
    command.divided_action([flags, &line] {
        flags->request.ranks = line.ranks;
        return execute(*flags, line);
    });
}

}  // namespace attn::app
