// check: is this attention sane? Exit code 1 when not.
#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "attention_flags.hpp"
#include "check_place.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "core/printable.hpp"
#include "core/word_list.hpp"
#include "flags.hpp"
#include "pipeline/check.hpp"
#include "progress_bar.hpp"
#include "several_sources.hpp"
#include "source_flags.hpp"
#include "table.hpp"
#include "terminal.hpp"

namespace attn::app {
namespace {

using pipeline::CheckLine;
using pipeline::CheckResult;
using pipeline::Verdict;
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

std::string names_with(const CheckResult& result, const std::function<bool(const CheckLine&)>& is) {
    std::string list;
    for (const CheckLine& line : result.lines) {
        if (is(line)) list += (list.empty() ? "" : ", ") + line.name;
    }
    return list;
}

// How verdicts look to a person at a terminal.
struct Looks {
    bool marks = false;
    bool colors = false;

    std::string verdict(Verdict verdict) const {
        if (!marks) return results::word(verdict);
        const char* mark = verdict == Verdict::ok ? "✓ " : verdict == Verdict::fail ? "✗ " : "! ";
        return mark + std::string(results::word(verdict));
    }
    std::string painted(Verdict verdict, const std::string& text) const {
        if (!colors) return text;
        const char* color = verdict == Verdict::ok     ? "\033[32m"
                            : verdict == Verdict::fail ? "\033[1;31m"
                                                       : "\033[33m";
        return color + text + "\033[0m";
    }
};

void print_table_of(const std::vector<Found>& all, bool several, const Looks& looks,
                    Console& console) {
    std::vector<std::vector<std::string>> rows{
        {"check", "verdict", "worst", "limit", "where", "meaning"}};
    std::vector<Verdict> verdicts{Verdict::ok};
    if (several) rows.front().insert(rows.front().begin(), "source");
    for (const Found& found : all) {
        for (const CheckLine& line : found.result.lines) {
            if (line.verdict == Verdict::skipped) continue;
            rows.push_back({line.name, looks.verdict(line.verdict),
                            line.worst ? number_text(*line.worst) : "", line.limit,
                            line.place ? place_text(*line.place, found.result.batch) : "",
                            line.message.empty() ? line.meaning : line.message});
            if (several) rows.back().insert(rows.back().begin(), found.source);
            verdicts.push_back(line.verdict);
        }
    }
    const std::size_t verdict_column = several ? 2 : 1;
    const auto look = [&](std::size_t row, std::size_t column, const std::string& text) {
        return row > 0 && column == verdict_column ? looks.painted(verdicts[row], text) : text;
    };
    if (rows.size() > 1) print_table(console, rows, rows.front().size(), look);
}

void print(const std::vector<Found>& all, bool several, bool strict, const Looks& looks,
           Console& console) {
    print_table_of(all, several, looks, console);
    for (const Found& found : all) {
        const std::string source = several ? printable(found.source) + ": " : "";
        const std::string skipped = names_with(
            found.result, [](const CheckLine& line) { return line.verdict == Verdict::skipped; });
        if (!skipped.empty()) console.line(source + "not checked: " + skipped);
        const std::string failed = names_with(found.result, [&](const CheckLine& line) {
            return line.verdict != Verdict::skipped && results::fails(line, strict);
        });
        const Verdict verdict = found.result.failed(strict) ? Verdict::fail : Verdict::ok;
        const std::string summary = verdict == Verdict::ok ? "passed" : "failed: " + failed;
        console.document(source + looks.painted(verdict, printable(summary)) + "\n");
    }
}

int execute(CheckFlags& flags, const CommandLine& line) {
    std::vector<Found> all;
    const int code = for_each_source(
        flags.sources, line.console,
        [&](const std::string& source) {
            flags.request.from.source = source;
            ProgressBar bar(line.console, line.global.quiet);
            all.push_back(
                {source, pipeline::check(flags.request, bar.progress(), line.console.warnings())});
            return all.back().result.failed(flags.strict) ? 1 : 0;
        },
        flags.request.ranks);
    if (all.empty()) return code;
    const bool several = flags.sources.size() > 1;
    if (flags.json) {
        const bool passed = code != kTrouble && all_passed(all, flags.strict);
        line.console.document(results::checks_json(all, several, passed));
    } else if (!line.global.quiet) {
        const Looks looks{is_terminal(), is_colorful(line.global.no_color)};
        print(all, several, flags.strict, looks, line.console);
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
        "How far a row sum may be from 1, a weight outside of 0 to 1 (default 1e-3; sums of "
        "float16 and bfloat16 as much more as rounding does)");
    command.words("--only", flags->request.only, "Only these checks")
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
