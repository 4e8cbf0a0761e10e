#include "look_screen.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "analysis/entropy_map.hpp"
#include "analysis/head_roles.hpp"
#include "check_place.hpp"
#include "core/printable.hpp"
#include "core/wrapped_text.hpp"
#include "render/blocks.hpp"
#include "table.hpp"
#include "terminal.hpp"

namespace attn::app {
namespace {

using results::CheckLine;
using results::LookResult;
using results::Verdict;
using Lines = std::vector<std::string>;

constexpr std::size_t kScreenRows = 23;  // of 24; the prompt needs one
constexpr std::size_t kLeastMapRows = 2;
constexpr std::size_t kMapRows = 5;
constexpr std::size_t kMapColumns = 32;
constexpr std::size_t kProblems = 2;
constexpr std::size_t kBar = 20;

std::string place_of(const CheckLine& line, bool batch) {
    return line.place ? " (" + place_text(*line.place, batch) + ")" : "";
}

// What is not as it should be, failures first.
Lines troubles(const LookResult& result) {
    Lines lines;
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

void add_text(Lines& lines, const std::string& start, const std::string& text) {
    constexpr std::size_t kIndent = 4;
    const Lines more = text_lines(start, text, kIndent);
    lines.insert(lines.end(), more.begin(), more.end());
}

// What it is, and whether it is sane.
Lines first_lines(const LookResult& result, const std::string& source) {
    Lines lines;
    add_text(lines, "", source + ": " + result.what);
    if (!result.more.empty()) add_text(lines, "", result.more);
    const bool attention = result.kind == LookResult::Kind::attention;
    if (attention)
        lines.push_back(verdict_of(result) + ": " + std::to_string(count(result, Verdict::ok)) +
                        " checks ok" + also(count(result, Verdict::fail), " failed") +
                        also(count(result, Verdict::warning), " to look at"));
    const Lines wrong = troubles(result);
    for (std::size_t i = 0; i < std::min(wrong.size(), kProblems); ++i)
        add_text(lines, "  ", wrong[i]);
    if (wrong.size() > kProblems)
        add_text(lines, "  ",
                 "and " + std::to_string(wrong.size() - kProblems) + " more: attn-inspect " +
                     (attention ? "check " : "info ") + source);
    return lines;
}

// The commands to try next.
Lines last_lines(const LookResult& result) {
    Lines lines;
    if (!result.next.empty()) lines.emplace_back();
    const std::string start = "next: ";
    for (const std::string& command : result.next) {
        const Lines parts = is_terminal()
                                ? wrapped_command(command, terminal_columns() - start.size())
                                : Lines{command};
        for (const std::string& part : parts)
            lines.push_back((lines.size() == 1 ? start : std::string(start.size(), ' ')) + part);
    }
    return lines;
}

// Returns how many lines it printed.
std::size_t print_roles(const LookResult& result, Console& console) {
    std::vector<Lines> rows{{"what heads do", "most of all", "share", "heads over 0.5"}};
    const auto roles = analysis::find_roles(result.heads);
    for (const analysis::HeadRole& role : roles) {
        std::string where = "layer " + std::to_string(role.layer);
        if (result.batch) where += ", seq " + std::to_string(role.sequence);
        where += ", head " + std::to_string(role.head);
        rows.push_back(
            {role.name, where, share_text(role.value),
             std::to_string(role.strong) + " of " + std::to_string(result.heads.size())});
    }
    while (is_terminal() && table_width(rows) > terminal_columns() && rows.front().size() > 1)
        for (auto& row : rows) row.pop_back();
    console.line("");
    print_table(console, rows, 2);
    const bool tokens = std::any_of(roles.begin(), roles.end(),
                                    [](const auto& role) { return role.measure == "induction"; });
    if (!tokens) console.line("induction, duplicate token: give --tokens FILE");
    return rows.size() + 1 + (tokens ? 0 : 1);
}

void print_map(const LookResult& result, std::size_t rows, bool color, Console& console) {
    const analysis::EntropyMap map = analysis::map_entropy(result.heads, rows, kMapColumns);
    console.line("");
    const std::size_t columns = map.rows.empty() ? 0 : map.rows.front().heads.size();
    const std::size_t wide = std::max<std::size_t>(columns, 5);
    std::string head = map.heads_a_column == 1
                           ? "heads"
                           : "heads, " + std::to_string(map.heads_a_column) + " a cell";
    head.resize(std::max(wide, head.size()), ' ');
    const std::string start = "layer   " + head + "  ";
    std::string title = "entropy, as a share of the largest there is";
    std::size_t bar = kBar;
    if (is_terminal()) {
        const std::size_t room = std::max(terminal_columns(), start.size() + 8) - start.size();
        if (title.size() > room) title = shortened("entropy of the largest there is", room);
        bar = std::min(kBar, room - 5);
    }
    console.line(start + title);
    for (const analysis::EntropyRow& row : map.rows) {
        std::string name = std::to_string(row.first_layer);
        if (row.last_layer != row.first_layer) name += "-" + std::to_string(row.last_layer);
        name.resize(8, ' ');
        std::string cells =
            color ? render::colored_halves(row.upper, row.lower) : render::shades(row.heads);
        cells += std::string(head.size() - columns, ' ');
        console.document(name + cells + "  " + render::bar(row.mean, bar) + " " +
                         share_text(row.mean) + "\n");
    }
}

}  // namespace

void print_look_screen(const LookResult& result, const std::string& source, bool color,
                       Console& console) {
    const Lines first = first_lines(result, source);
    const Lines last = last_lines(result);
    for (const std::string& line : first) console.line(line);
    if (!result.heads.empty()) {
        constexpr std::size_t kMapHead = 2;
        const std::size_t taken =
            first.size() + print_roles(result, console) + kMapHead + last.size();
        const std::size_t room = kScreenRows - std::min(kScreenRows, taken);
        const std::size_t rows =
            is_terminal() ? std::clamp(room, kLeastMapRows, kMapRows) : kMapRows;
        print_map(result, rows, color, console);
    }
    for (const std::string& line : last) console.line(line);
}

LookLine look_line(const LookResult& result, const std::string& source) {
    const Lines wrong = troubles(result);
    return {source, verdict_of(result), result.what, wrong.empty() ? "" : wrong.front()};
}

void print_look_lines(const std::vector<LookLine>& lines, Console& console) {
    std::vector<Lines> rows;
    for (const LookLine& line : lines)
        rows.push_back({line.source, line.verdict, line.what, line.trouble});
    const std::size_t columns = terminal_columns();
    if (is_terminal() && table_width(rows) > columns) {
        std::size_t verdict = 0;
        for (const LookLine& line : lines) verdict = std::max(verdict, line.verdict.size());
        std::size_t source = 0;
        for (Lines& row : rows) {
            row[0] = shortened_in_front(row[0], columns / 3);
            source = std::max(source, character_count(row[0]));
            if (row[1] == "FAIL") row[2] = row[3].substr(row[3].find(' ') + 1);
            row.pop_back();
        }
        const std::size_t taken = source + verdict + 4;
        for (Lines& row : rows) row[2] = shortened(row[2], columns - std::min(columns, taken));
    }
    print_table(console, rows, 4);
}

}  // namespace attn::app
