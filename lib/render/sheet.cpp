#include "render/sheet.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/divide_up.hpp"
#include "render/axis.hpp"
#include "render/color_bar.hpp"
#include "render/ink.hpp"
#include "render/legend.hpp"

namespace attn::render {
namespace {

constexpr std::size_t kSheetEdge = 14;
constexpr std::size_t kGap = 14;
constexpr std::size_t kText = 13;
constexpr std::size_t kAxisText = 15;
constexpr std::size_t kTitleText = 19;
constexpr std::size_t kMostBar = 480;  // a longer bar says no more
constexpr std::size_t kPage = 1000;    // pixels that people see at once

struct SheetPlan {
    std::size_t rows = 0;
    std::size_t panel_width = 0;
    std::size_t panel_height = 0;
    std::size_t panel_title = 0;  // height of the line above each panel, 0 without titles
    std::vector<std::string> panel_titles;
    std::vector<std::string> row_titles;
    std::vector<std::string> column_titles;
    std::size_t text = kText;
    Axis query_axis;
    Axis key_axis;
    ColorBar color_bar;
    std::vector<std::size_t> bar_rows;  // beside which the colour bar begins
    std::vector<LegendEntry> legend;
    std::size_t left = 0;  // of the first panel
    std::size_t top = 0;
    std::size_t note = 0;  // its upper edge
    std::size_t bar = 0;   // left edge of the colour bar
    std::size_t width = 0;
    std::size_t height = 0;

    std::size_t x(std::size_t column) const { return left + column * (panel_width + kGap); }
    std::size_t y(std::size_t row) const {
        return top + row * (panel_title + panel_height + kGap) + panel_title;
    }
};

// The titles as far as each has `room` pixels: all as they are, or all by their last words ("head
// 3" is 3), cut where that is too long.
std::vector<std::string> fitted(std::vector<std::string> titles, std::size_t room,
                                const Font& font) {
    const auto fits = [&](const std::string& title) { return font.width(title, kText) <= room; };
    if (std::all_of(titles.begin(), titles.end(), fits)) return titles;
    for (std::string& title : titles)
        title = font.shorten(title.substr(title.rfind(' ') + 1), kText, room);
    return titles;
}

void fit_titles(SheetPlan& plan, const Sheet& sheet, const Font& font) {
    for (const HeatmapPanel& panel : sheet.panels) plan.panel_titles.push_back(panel.title);
    const bool none = std::all_of(plan.panel_titles.begin(), plan.panel_titles.end(),
                                  [](const std::string& title) { return title.empty(); });
    plan.panel_title = none ? 0 : kText + 5;
    const std::size_t room = plan.panel_width + kGap - 4;
    plan.panel_titles = fitted(plan.panel_titles, room, font);
    plan.column_titles = fitted(sheet.column_titles, room, font);
    plan.row_titles =
        fitted(sheet.row_titles, plan.panel_title + plan.panel_height + kGap - 4, font);
}

// Where the colour bar stands: beside the first row and then once a page, if so much of it is left
// that bar and legend have room.
void place_bars(SheetPlan& plan, const SpecialCells& special) {
    const std::size_t end = plan.y(plan.rows - 1) + plan.panel_height;
    const std::size_t row = plan.rows > 1 ? plan.y(1) - plan.y(0) : end - plan.y(0);
    const std::size_t rows_a_page = std::max<std::size_t>(1, kPage / row);
    const std::size_t page = std::min(rows_a_page, plan.rows) * row - (row - plan.panel_height);
    plan.color_bar = {kText, std::min(page, kMostBar), special.below > 0, special.above > 0};
    const std::size_t needed = color_bar_bottom(plan.color_bar) + legend_height(plan.legend, kText);
    plan.bar_rows = {0};
    for (std::size_t next = rows_a_page; next < plan.rows; next += rows_a_page) {
        const bool fits = plan.y(next) + needed <= end;
        const bool is_free = plan.y(next) >= plan.y(plan.bar_rows.back()) + needed;
        if (fits && is_free) plan.bar_rows.push_back(next);
    }
}

SheetPlan make_plan(const Sheet& sheet, const HeatmapStyle& style) {
    const HeatmapPanel& first = sheet.panels.front();
    SheetPlan plan;
    plan.rows = divide_up(sheet.panels.size(), sheet.columns);
    plan.panel_width = first.cells.columns * style.layout.width();
    plan.panel_height = first.cells.rows * style.layout.height();
    fit_titles(plan, sheet, *style.font);
    plan.text = std::clamp<std::size_t>(style.layout.pixels, 11, kText);
    AxisPair axes =
        make_axes(first.query_labels, {first.first_query, first.queries}, first.key_labels,
                  {first.first_key, first.keys}, style.layout, *style.font, plan.text);
    plan.query_axis = std::move(axes.queries);
    plan.key_axis = std::move(axes.keys);
    SpecialCells special;
    for (const HeatmapPanel& panel : sheet.panels) special.add(panel, style.scale);
    plan.legend = make_legend(special, style);

    const std::size_t row_titles = sheet.row_titles.empty() ? 0 : kText + 10;
    plan.left = kSheetEdge + row_titles + kAxisText + 6 + plan.query_axis.widest + kAxisGap;
    plan.note = kSheetEdge + (sheet.title.empty() ? 0 : kTitleText + 4);
    plan.top = plan.note + 6 + (sheet.note.empty() ? 0 : kText + 4) +
               (sheet.column_titles.empty() ? 0 : kText + 5);
    plan.bar = plan.x(sheet.columns - 1) + plan.panel_width + kGap + 6;
    const std::size_t title =
        std::max(style.font->width(sheet.title, kTitleText), style.font->width(sheet.note, kText));
    place_bars(plan, special);
    const std::size_t beside =
        std::max(color_bar_width(style, plan.color_bar), legend_width(plan.legend, style, kText));
    plan.width = std::max(plan.bar + beside, plan.left + title) + kSheetEdge;

    const std::size_t below_panels = plan.y(plan.rows - 1) + plan.panel_height + kAxisGap +
                                     key_label_height(plan.key_axis, plan.text) + 6 + kAxisText;
    const std::size_t below_bar =
        plan.y(0) + color_bar_bottom(plan.color_bar) + legend_height(plan.legend, kText);
    plan.height = std::max(below_panels, below_bar) + kSheetEdge;
    return plan;
}

void add_panel(Figure& figure, const Sheet& sheet, std::size_t index, const SheetPlan& plan,
               const HeatmapStyle& style) {
    const HeatmapPanel& panel = sheet.panels[index];
    const std::size_t column = index % sheet.columns;
    const std::size_t x = plan.x(column);
    const std::size_t y = plan.y(index / sheet.columns);
    add_cells(figure, x, y, panel.cells, style);
    add_left_out(figure, x, y, panel, style);
    figure.write({plan.panel_titles[index], kText, static_cast<double>(x),
                  static_cast<double>(y - plan.panel_title), kInk});
    if (column == 0) add_query_labels(figure, plan.query_axis, plan.text, x, y);
    const bool lowest = index + sheet.columns >= sheet.panels.size();
    if (lowest) add_key_labels(figure, plan.key_axis, plan.text, x, y + plan.panel_height);
}

void add_titles(Figure& figure, const Sheet& sheet, const SheetPlan& plan) {
    const auto left = static_cast<double>(plan.left);
    figure.write({sheet.title, kTitleText, left, kSheetEdge, kInk});
    figure.write({sheet.note, kText, left, static_cast<double>(plan.note), kFaintInk});
    for (std::size_t row = 0; row < plan.row_titles.size(); ++row) {
        const std::size_t middle = plan.y(row) + plan.panel_height / 2;
        figure.write({plan.row_titles[row], kText, kSheetEdge, static_cast<double>(middle), kInk,
                      TextAnchor::middle, TextDirection::up});
    }
    for (std::size_t column = 0; column < plan.column_titles.size(); ++column) {
        figure.write({plan.column_titles[column], kText, static_cast<double>(plan.x(column)),
                      static_cast<double>(plan.top - kText - 5), kInk});
    }
}

void add_axis_names(Figure& figure, const Sheet& sheet, const SheetPlan& plan) {
    const std::size_t across_x = sheet.row_titles.empty() ? kSheetEdge : kSheetEdge + kText + 10;
    const std::size_t bottom = plan.y(plan.rows - 1) + plan.panel_height;
    figure.write({"query", kAxisText, static_cast<double>(across_x),
                  static_cast<double>(plan.y(0) + bottom) / 2, kInk, TextAnchor::middle,
                  TextDirection::up});
    const std::size_t right = plan.x(sheet.columns - 1) + plan.panel_width;
    const std::size_t below = bottom + kAxisGap + key_label_height(plan.key_axis, plan.text) + 6;
    figure.write({"key", kAxisText, static_cast<double>(plan.left + right) / 2,
                  static_cast<double>(below), kInk, TextAnchor::middle});
}

}  // namespace

Figure make_sheet(const Sheet& sheet, const HeatmapStyle& style) {
    assert(!sheet.panels.empty() && sheet.columns > 0);
    const SheetPlan plan = make_plan(sheet, style);
    Figure figure{plan.width, plan.height, {}};
    for (std::size_t index = 0; index < sheet.panels.size(); ++index)
        add_panel(figure, sheet, index, plan, style);
    add_titles(figure, sheet, plan);

    add_axis_names(figure, sheet, plan);
    for (const std::size_t row : plan.bar_rows) {
        add_color_bar(figure, style, plan.color_bar, plan.bar, plan.y(row));
        add_legend(figure, plan.legend, kText, plan.bar,
                   plan.y(row) + color_bar_bottom(plan.color_bar));
    }
    return figure;
}

}  // namespace attn::render
