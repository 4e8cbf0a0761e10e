#include "table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/printable.hpp"
#include "core/wrapped_text.hpp"
#include "terminal.hpp"

namespace attn::app {

std::size_t table_width(const std::vector<std::vector<std::string>>& rows) {
    std::size_t width = 0;
    for (std::size_t column = 0; column < rows.front().size(); ++column) {
        std::size_t widest = 0;
        for (const auto& row : rows)
            widest = std::max(widest, character_count(printable(row[column])));
        width += widest + (column > 0 ? 2 : 0);
    }
    return width;
}

void print_table(Console& console, std::vector<std::vector<std::string>> rows,
                 std::size_t text_columns) {
    print_table(console, std::move(rows), text_columns,
                [](std::size_t, std::size_t, const std::string& text) { return text; });
}

void print_table(Console& console, std::vector<std::vector<std::string>> rows,
                 std::size_t text_columns, const CellLook& look) {
    std::vector<std::size_t> widths(rows.front().size());
    for (auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            row[i] = printable(row[i]);
            widths[i] = std::max(widths[i], character_count(row[i]));
        }
    }
    for (std::size_t number = 0; number < rows.size(); ++number) {
        const auto& row = rows[number];
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string padding(widths[i] - character_count(row[i]), ' ');
            line += (i > 0 ? "  " : "") +
                    look(number, i, i < text_columns ? row[i] + padding : padding + row[i]);
        }
        console.document(line.substr(0, line.find_last_not_of(' ') + 1) + "\n");
    }
}

std::vector<std::string> text_lines(const std::string& start, const std::string& text,
                                    std::size_t indent) {
    if (!is_terminal()) return {start + text};
    return wrapped(start, text, indent, terminal_columns());
}

void print_wrapped(const std::string& start, const std::string& text, std::size_t indent,
                   Console& console) {
    for (const std::string& line : wrapped(start, text, indent, terminal_columns()))
        console.line(line);
}

std::string number_text(double value, int digits) {
    if (std::isnan(value)) return "-";
    char text[32];
    std::snprintf(text, sizeof text, "%.*g", digits, value == 0 ? 0.0 : value);  // no "-0"
    return text;
}

}  // namespace attn::app
