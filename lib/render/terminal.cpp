#include "render/terminal.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string_view>
#include <vector>

#include "core/divide_up.hpp"
#include "core/printable.hpp"
#include "render/axis.hpp"
#include "render/ink.hpp"
#include "render/legend.hpp"

namespace attn::render {
namespace {

constexpr std::size_t kLabelColumns = 10;

// A matrix small enough for the terminal: the largest of factor x factor cells.
struct SmallCells {
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::size_t factor = 1;
    std::vector<float> values;

    float at(std::size_t row, std::size_t column) const {
        return row < rows ? values[row * columns + column]
                          : -std::numeric_limits<float>::infinity();
    }
};

SmallCells shrink(MatrixView<const float> cells, std::size_t columns) {
    SmallCells small;
    small.factor = divide_up(cells.columns, columns);
    small.rows = divide_up(cells.rows, small.factor);
    small.columns = divide_up(cells.columns, small.factor);
    small.values.assign(small.rows * small.columns, -std::numeric_limits<float>::infinity());
    for (std::size_t row = 0; row < cells.rows; ++row) {
        for (std::size_t column = 0; column < cells.columns; ++column) {
            const float value = cells.row(row)[column];
            float& to = small.values[row / small.factor * small.columns + column / small.factor];
            if (value > to || std::isnan(value)) to = value;
        }
    }
    return small;
}

std::string label(const HeatmapPanel& panel, std::size_t row, std::size_t step) {
    const std::size_t query = panel.first_query + row * step;
    std::string text = std::to_string(query);
    if (!panel.query_labels.empty()) {
        // No character becomes less than one: the rest of a long token need not be looked at.
        const std::string_view start = first_characters(panel.query_labels[query], kLabelColumns);
        text = printable(visible_token(std::string(start)));
        text = first_characters(text, kLabelColumns - 1);
    }
    return std::string(kLabelColumns - 1 - character_count(text), ' ') + text + ' ';
}

const char* shade(float value, const HeatmapStyle& style) {
    static constexpr const char* kShades[] = {" ", "░", "▒", "▓", "█"};
    if (std::isnan(value)) return "?";
    if (std::isinf(value) && value < 0) return "·";
    const double place = style.scale.position(static_cast<double>(value));
    return kShades[std::min<std::size_t>(4, static_cast<std::size_t>(place * 5))];
}

// The numbers of keys below their columns, as many as have room.
std::string key_marks(const HeatmapPanel& panel, const SmallCells& small, std::size_t step) {
    const std::string last = std::to_string(panel.first_key + panel.keys - 1);
    std::size_t apart = 1;  // keys from one number to the next: 1, 2, 5, 10 …
    for (std::size_t power = 1; apart / step < last.size() + 1; power *= 10) {
        for (const std::size_t factor : {1, 2, 5}) {
            apart = factor * power;
            if (apart / step >= last.size() + 1) break;
        }
    }
    std::string line(kLabelColumns, ' ');
    const std::size_t first = divide_up(panel.first_key, apart) * apart;
    for (std::size_t key = first; key < panel.first_key + panel.keys; key += apart) {
        const std::size_t column = (key - panel.first_key) / step;
        const std::string text = std::to_string(key);
        if (column + text.size() > std::max(small.columns, last.size())) break;
        line.resize(kLabelColumns + column, ' ');
        line += text;
    }
    return line + "\n";
}

// What the marks in the cells mean, or the colours that are none of the map.
std::string marks(const HeatmapPanel& panel, const HeatmapStyle& style, bool color) {
    SpecialCells special;
    special.add(panel, style.scale);
    std::vector<std::string> pieces;
    if (special.masked) pieces.emplace_back(color ? "grey: masked" : "·: masked");
    if (special.not_a_number) pieces.emplace_back(color ? "pink: NaN" : "?: NaN");
    if (special.above > 0) pieces.push_back(outside_text(special.above, true, style.scale));
    if (special.below > 0) pieces.push_back(outside_text(special.below, false, style.scale));
    if (!special.left_out.empty()) pieces.push_back(special.left_out + " left out of the range");
    if (pieces.empty()) return "";
    std::string text = std::string(kLabelColumns, ' ') + pieces.front();
    for (std::size_t i = 1; i < pieces.size(); ++i) text += "; " + pieces[i];
    return text + "\n";
}

}  // namespace

std::string draw_terminal(const HeatmapPanel& panel, const HeatmapStyle& style, std::size_t columns,
                          bool color) {
    const std::size_t wide = std::max<std::size_t>(columns, kLabelColumns + 8) - kLabelColumns;
    const SmallCells small = shrink(panel.cells, wide);
    const std::size_t step = small.factor * style.layout.pool;
    std::string text = printable(panel.title) + "\n";
    const std::size_t rows_a_line = color ? 2 : 1;
    for (std::size_t row = 0; row < small.rows; row += rows_a_line) {
        text += label(panel, row, step);
        for (std::size_t column = 0; column < small.columns; ++column) {
            if (color) {
                const Color upper = cell_color(small.at(row, column), style);
                const Color lower =
                    row + 1 < small.rows ? cell_color(small.at(row + 1, column), style) : kPaper;
                text += terminal_color(38, upper) + terminal_color(48, lower) + "▀";
            } else {
                text += shade(small.at(row, column), style);
            }
        }
        text += color ? "\033[0m\n" : "\n";
    }
    text += key_marks(panel, small, step);
    const std::vector<Tick> ends = end_ticks(style.scale);
    text += std::string(kLabelColumns, ' ') + "queries down, keys across; colours from " +
            ends[0].text + " to " + ends[1].text;
    if (step > 1)
        text += "; a cell is the largest of " + std::to_string(step) + " x " + std::to_string(step);
    return text + "\n" + marks(panel, style, color);
}

}  // namespace attn::render
