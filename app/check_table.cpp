#include "check_table.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>

#include "check_place.hpp"
#include "core/printable.hpp"
#include "core/word_list.hpp"
#include "core/wrapped_text.hpp"
#include "table.hpp"
#include "terminal.hpp"

namespace attn::app {
namespace {

using results::CheckedSource;
using results::CheckLine;
using results::CheckResult;
using results::Verdict;

std::string names_with(const CheckResult& result, const std::function<bool(const CheckLine&)>& is) {
    std::string list;
    for (const CheckLine& line : result.lines) {
        if (is(line)) list += (list.empty() ? "" : ", ") + line.name;
    }
    return list;
}

std::string verdict_text(Verdict verdict) {
    if (!is_terminal()) return results::word(verdict);
    const char* mark = verdict == Verdict::ok ? "✓ " : verdict == Verdict::fail ? "✗ " : "! ";
    return mark + std::string(results::word(verdict));
}

std::string painted(Verdict verdict, const std::string& text, bool color) {
    if (!color) return text;
    const char* paint = verdict == Verdict::ok     ? "\033[32m"
                        : verdict == Verdict::fail ? "\033[1;31m"
                                                   : "\033[33m";
    return paint + text + "\033[0m";
}

// The cells, and the verdict of each row that is not the header or goes on from the row before.
struct CheckTable {
    std::vector<std::vector<std::string>> rows;
    std::vector<std::optional<Verdict>> verdicts;

    std::size_t column(const std::string& name) const {
        const auto& names = rows.front();
        return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) -
                                        names.begin());
    }
    void erase(const std::string& name) {
        const auto index = static_cast<std::ptrdiff_t>(column(name));
        for (auto& row : rows) row.erase(row.begin() + index);
    }
    void print(bool color, Console& console) const {
        const std::size_t verdict = column("verdict");
        const auto look = [&](std::size_t row, std::size_t column, const std::string& text) {
            return column == verdict && verdicts[row] ? painted(*verdicts[row], text, color) : text;
        };
        if (rows.size() > 1) print_table(console, rows, rows.front().size(), look);
    }
};

CheckTable table_of(const CheckedSource& found, bool names_source) {
    CheckTable table{{{"check", "verdict", "worst", "limit", "where", "meaning"}}, {std::nullopt}};
    for (const CheckLine& line : found.result.lines) {
        if (line.verdict == Verdict::skipped) continue;
        table.rows.push_back({line.name, verdict_text(line.verdict),
                              line.worst ? number_text(*line.worst) : "", line.limit,
                              line.place ? place_text(*line.place, found.result.batch) : "",
                              line.message.empty() ? line.meaning : line.message});
        table.verdicts.emplace_back(line.verdict);
    }
    if (names_source) {
        for (std::size_t i = 0; i < table.rows.size(); ++i)
            table.rows[i].insert(table.rows[i].begin(), i == 0 ? "source" : found.source);
    }
    return table;
}

// Places of what is not ok go on in the meaning.
void move_places(CheckTable& table) {
    const std::size_t where = table.column("where"), meaning = table.column("meaning");
    for (std::size_t i = 1; i < table.rows.size(); ++i) {
        const std::string& place = table.rows[i][where];
        if (table.verdicts[i] != Verdict::ok && !place.empty())
            table.rows[i][meaning] += " (" + place + ")";
    }
    table.erase("where");
}

// The last column in lines of `columns` characters.
void wrap_meaning(CheckTable& table, std::size_t columns) {
    CheckTable narrow;
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        std::vector<std::string> row = table.rows[i];
        bool first = true;
        for (const std::string& part : wrapped("", table.rows[i].back(), 0, columns)) {
            row.back() = part;
            narrow.rows.push_back(row);
            narrow.verdicts.push_back(first ? table.verdicts[i] : std::nullopt);
            std::fill(row.begin(), row.end(), "");
            first = false;
        }
    }
    table = std::move(narrow);
}

// Makes the table at most `width` wide; returns the columns that went.
std::vector<std::string> fit_checks(CheckTable& table, std::size_t width) {
    constexpr std::size_t kReadable = 30;
    constexpr std::size_t kLeast = 12;
    std::vector<std::string> gone;
    const auto room = [&] {
        auto others = table.rows;
        for (auto& row : others) row.back().clear();
        const std::size_t taken = table_width(others);
        return width > taken ? width - taken : 0;
    };
    for (const char* name : {"limit", "where", "worst"}) {
        if (table_width(table.rows) <= width || room() >= kReadable) break;
        if (name == std::string("where"))
            move_places(table);
        else
            table.erase(name);
        gone.emplace_back(name);
    }
    if (table_width(table.rows) > width) wrap_meaning(table, std::max(kLeast, room()));
    return gone;
}

void print_text(const std::string& text, Console& console) {
    for (const std::string& line : text_lines("", text, 2)) console.line(line);
}

std::string spoken_source(const std::string& source) {
    return is_terminal() ? shortened_in_front(source, terminal_columns() / 2) : printable(source);
}

// One table of all sources where that fits, else one of each with its name above.
void print_tables(const std::vector<CheckedSource>& all, bool several, bool color,
                  Console& console) {
    CheckTable whole = table_of(all.front(), several);
    for (std::size_t i = 1; i < all.size(); ++i) {
        CheckTable more = table_of(all[i], several);
        whole.rows.insert(whole.rows.end(), more.rows.begin() + 1, more.rows.end());
        whole.verdicts.insert(whole.verdicts.end(), more.verdicts.begin() + 1, more.verdicts.end());
    }
    const std::size_t width = terminal_columns();
    if (!is_terminal() || table_width(whole.rows) <= width) {
        whole.print(color, console);
        return;
    }
    std::vector<std::string> gone;
    for (const CheckedSource& found : all) {
        if (several) console.line(shortened_in_front(found.source, width - 1) + ":");
        CheckTable table = table_of(found, false);
        const std::vector<std::string> left_out = fit_checks(table, width);
        if (left_out.size() > gone.size()) gone = left_out;
        table.print(color, console);
    }
    if (!gone.empty()) print_text("no room for " + joined(gone) + " (--json has all)", console);
}

}  // namespace

void print_checks(const std::vector<CheckedSource>& all, bool several, bool strict, bool color,
                  Console& console) {
    print_tables(all, several, color, console);
    for (const CheckedSource& found : all) {
        const std::string source = several ? spoken_source(found.source) + ": " : "";
        const std::string skipped = names_with(
            found.result, [](const CheckLine& line) { return line.verdict == Verdict::skipped; });
        if (!skipped.empty()) print_text(source + "not checked: " + skipped, console);
        const std::string failed = names_with(found.result, [&](const CheckLine& line) {
            return line.verdict != Verdict::skipped && results::fails(line, strict);
        });
        const Verdict verdict = found.result.failed(strict) ? Verdict::fail : Verdict::ok;
        const std::string summary = verdict == Verdict::ok ? "passed" : "failed: " + failed;
        std::vector<std::string> lines{printable(summary)};
        if (is_terminal())
            lines = wrapped("", summary, 2, terminal_columns() - character_count(source));
        for (std::size_t i = 0; i < lines.size(); ++i)
            console.document((i == 0 ? source : "") + painted(verdict, lines[i], color) + "\n");
    }
}

}  // namespace attn::app
