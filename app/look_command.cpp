// look: one screen about a file, or a line about each of several. The command for who gives none.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "analysis/entropy_map.hpp"
#include "analysis/head_roles.hpp"
#include "attention_flags.hpp"
#include "check_place.hpp"
#include "commands.hpp"
#include "core/error.hpp"
#include "core/printable.hpp"
#include "pipeline/look.hpp"
#include "progress_bar.hpp"
#include "render/blocks.hpp"
#include "source_flags.hpp"
#include "table.hpp"
#include "terminal.hpp"

namespace attn::app {
namespace {

using pipeline::CheckLine;
using pipeline::LookResult;
using pipeline::Verdict;

struct LookFlags {
    pipeline::LookRequest request;
    std::vector<std::string> sources;
    bool json = false;
};

// A screen is 80 x 24; the prompt needs a line of it.
constexpr std::size_t kMapRows = 5;
constexpr std::size_t kMapColumns = 32;
constexpr std::size_t kProblems = 2;
constexpr std::size_t kBar = 20;

std::string place_of(const CheckLine& line, bool batch) {
    return line.place ? " (" + place_text(*line.place, batch) + ")" : "";
}

// What is not as it should be, failures first.
std::vector<std::string> troubles(const LookResult& result) {
    std::vector<std::string> lines;
    for (const Verdict verdict : {Verdict::fail, Verdict::warning}) {
        for (const CheckLine& line : result.check.lines) {
            if (line.verdict != verdict) continue;
            lines.push_back((verdict == Verdict::fail ? "FAIL " : "warning ") + line.name + ": " +
                            (line.message.empty() ? line.meaning : line.message) +
                            place_of(line, result.batch));
        }
    }
    for (const std::string& problem : result.problems) lines.push_back("FAIL " + problem);
    return lines;
}

std::size_t count(const LookResult& result, Verdict verdict) {
    return static_cast<std::size_t>(
        std::count_if(result.check.lines.begin(), result.check.lines.end(),
                      [&](const CheckLine& line) { return line.verdict == verdict; }));
}

std::string also(std::size_t number, const char* what) {
    return number == 0 ? "" : ", " + std::to_string(number) + what;
}

// Two decimals, so that shares stand below one another.
std::string share_text(double share) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", share);
    return std::isnan(share) ? "-" : text;
}

std::string verdict_of(const LookResult& result) {
    if (result.failed()) return "FAIL";
    return result.kind == LookResult::Kind::attention ? "sane" : "ok";
}

// What fits on a line of the terminal; all of it where nobody looks.
std::string fitting(const std::string& text) {
    if (!is_terminal()) return text;
    std::string shown = printable(text);
    const std::size_t columns = terminal_columns();
    if (character_count(shown) <= columns) return shown;
    return std::string(first_characters(shown, columns - 1)) + "…";
}

void print_sanity(const LookResult& result, const std::string& source, Console& console) {
    const auto lines = troubles(result);
    if (result.kind == LookResult::Kind::attention)
        console.line(verdict_of(result) + ": " + std::to_string(count(result, Verdict::ok)) +
                     " checks ok" + also(count(result, Verdict::fail), " failed") +
                     also(count(result, Verdict::warning), " to look at"));
    for (std::size_t i = 0; i < std::min(lines.size(), kProblems); ++i)
        console.line(fitting("  " + lines[i]));
    if (lines.size() > kProblems)
        console.line("  and " + std::to_string(lines.size() - kProblems) + " more: attn-inspect " +
                     (result.kind == LookResult::Kind::attention ? "check " : "info ") + source);
}

void print_roles(const LookResult& result, Console& console) {
    std::vector<std::vector<std::string>> rows{
        {"what heads do", "most of all", "share", "heads over 0.5"}};
    const auto roles = analysis::find_roles(result.heads);
    for (const analysis::HeadRole& role : roles) {
        std::string where = "layer " + std::to_string(role.layer);
        if (result.batch) where += ", seq " + std::to_string(role.sequence);
        where += ", head " + std::to_string(role.head);
        rows.push_back(
            {role.name, where, share_text(role.value),
             std::to_string(role.strong) + " of " + std::to_string(result.heads.size())});
    }
    console.line("");
    print_table(console, rows, 2);
    const bool tokens = std::any_of(roles.begin(), roles.end(),
                                    [](const auto& role) { return role.measure == "induction"; });
    if (!tokens) console.line("induction, duplicate token: give --tokens FILE");
}

void print_map(const LookResult& result, bool color, Console& console) {
    const analysis::EntropyMap map = analysis::map_entropy(result.heads, kMapRows, kMapColumns);
    console.line("");
    const std::size_t columns = map.rows.empty() ? 0 : map.rows.front().heads.size();
    const std::size_t wide = std::max<std::size_t>(columns, 5);
    std::string head = map.heads_a_column == 1
                           ? "heads"
                           : "heads, " + std::to_string(map.heads_a_column) + " a cell";
    head.resize(std::max(wide, head.size()), ' ');
    console.line("layer   " + head + "  entropy, as a share of the largest there is");
    for (const analysis::EntropyRow& row : map.rows) {
        std::string name = std::to_string(row.first_layer);
        if (row.last_layer != row.first_layer) name += "-" + std::to_string(row.last_layer);
        name.resize(8, ' ');
        std::string cells =
            color ? render::colored_halves(row.upper, row.lower) : render::shades(row.heads);
        cells += std::string(head.size() - columns, ' ');
        console.document(name + cells + "  " + render::bar(row.mean, kBar) + " " +
                         share_text(row.mean) + "\n");
    }
}

void print_screen(const LookResult& result, const std::string& source, bool color,
                  Console& console) {
    console.line(fitting(source + ": " + result.what));
    if (!result.more.empty()) console.line(fitting(result.more));
    print_sanity(result, source, console);
    if (!result.heads.empty()) {
        print_roles(result, console);
        print_map(result, color, console);
    }
    if (!result.next.empty()) console.line("");
    for (std::size_t i = 0; i < result.next.size(); ++i)
        console.line((i == 0 ? "next: " : "      ") + result.next[i]);
}

// Several sources: a line each.
std::vector<std::string> row_of(const LookResult& result, const std::string& source) {
    const auto lines = troubles(result);
    return {source, verdict_of(result), result.what, lines.empty() ? "" : lines.front()};
}

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
    std::vector<std::vector<std::string>> rows;
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
                rows.push_back(row_of(result, source));
            else if (!line.global.quiet)
                print_screen(result, source, is_colorful(line.global.no_color), line.console);
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
    if (!rows.empty() && !line.global.quiet) print_table(line.console, rows, 4);
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
