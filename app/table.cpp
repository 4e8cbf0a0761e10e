#include "table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/printable.hpp"

namespace attn::app {

void print_table(Console& console, std::vector<std::vector<std::string>> rows,
                 std::size_t text_columns) {
    std::vector<std::size_t> widths(rows.front().size());
    for (auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            row[i] = printable(row[i]);
            widths[i] = std::max(widths[i], character_count(row[i]));
        }
    }
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string padding(widths[i] - character_count(row[i]), ' ');
            line += (i > 0 ? "  " : "") + (i < text_columns ? row[i] + padding : padding + row[i]);
        }
        console.line(line.substr(0, line.find_last_not_of(' ') + 1));
    }
}

std::string number_text(double value, int digits) {
    if (std::isnan(value)) return "-";
    char text[32];
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    return text;
}

}  // namespace attn::app
