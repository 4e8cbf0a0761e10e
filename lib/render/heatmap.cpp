#include "render/heatmap.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>

#include "render/axis.hpp"
#include "render/color_bar.hpp"
#include "render/ink.hpp"

namespace attn::render {
namespace {

constexpr std::size_t kMargin = 12;
constexpr std::size_t kBarGap = 18;
constexpr std::size_t kLeastBar = 120;  // a lower bar could not be read

// Everything about the picture that is known before the first pixel.
struct Plan {
    std::size_t text = 12;  // heights of the texts
    std::size_t axis_text = 14;
    std::size_t title_text = 17;
    std::size_t matrix_width = 0;
    std::size_t matrix_height = 0;
    std::size_t bar_height = 0;
    Axis query_axis;
    Axis key_axis;
    LegendEntries legend;
    HeatmapGeometry geometry;
};

Plan make_plan(const HeatmapPanel& panel, const HeatmapStyle& style) {
    Plan plan;
    // Text grows with the cells, but slower: large cells are for print, not for large letters.
    plan.text =
        std::min<std::size_t>(28, 12 + (std::max<std::size_t>(style.layout.pixels, 12) - 12) / 3);
    plan.axis_text = plan.text + 2;
    plan.title_text = plan.text + 5;
    plan.matrix_width = panel.cells.columns * style.layout.pixels;
    plan.matrix_height = panel.cells.rows * style.layout.pixels;
    plan.bar_height = std::max(plan.matrix_height, kLeastBar);
    plan.query_axis = make_axis(panel.query_labels, {panel.first_query, panel.queries},
                                style.layout, *style.font, plan.text, /*across=*/false);
    plan.key_axis = make_axis(panel.key_labels, {panel.first_key, panel.keys}, style.layout,
                              *style.font, plan.text, /*across=*/true);

    HeatmapGeometry& geometry = plan.geometry;
    geometry.left = kMargin + plan.axis_text + 6 + plan.query_axis.widest + kAxisGap;
    geometry.top = kMargin + plan.title_text + 8 + (panel.note.empty() ? 0 : plan.text + 4);

    const std::size_t title = std::max(style.font->width(panel.title, plan.title_text),
                                       style.font->width(panel.note, plan.text));
    const std::size_t right =
        geometry.left + plan.matrix_width + kBarGap + color_bar_width(style, plan.text);
    geometry.width = std::max(right, geometry.left + title) + kMargin;

    plan.legend = find_special_cells(panel.cells);
    const std::size_t legend_height =
        (plan.legend.masked ? plan.text + 4 : 0) + (plan.legend.not_a_number ? plan.text + 4 : 0);
    const std::size_t below_matrix = plan.matrix_height + kAxisGap +
                                     key_label_height(plan.key_axis, plan.text) + 6 +
                                     plan.axis_text;
    geometry.height =
        geometry.top + kMargin + std::max(below_matrix, plan.bar_height + 10 + legend_height);
    return plan;
}

void draw_axes(Image& image, const Plan& plan, const HeatmapStyle& style) {
    const HeatmapGeometry& at = plan.geometry;
    const Font& font = *style.font;
    draw_query_labels(image, plan.query_axis, font, plan.text, at.left, at.top);
    const std::size_t query = font.width("query", plan.axis_text);
    font.draw(image, "query", plan.axis_text, kMargin, at.top + (plan.matrix_height + query) / 2,
              kInk, TextDirection::up);

    const std::size_t bottom = at.top + plan.matrix_height;
    draw_key_labels(image, plan.key_axis, font, plan.text, at.left, bottom);
    const std::size_t key = font.width("key", plan.axis_text);
    const std::size_t middle = at.left + plan.matrix_width / 2;
    font.draw(image, "key", plan.axis_text, middle - std::min(middle, key / 2),
              bottom + kAxisGap + key_label_height(plan.key_axis, plan.text) + 6, kInk);
}

void draw_title(Image& image, const HeatmapPanel& panel, const Plan& plan,
                const HeatmapStyle& style) {
    const HeatmapGeometry& at = plan.geometry;
    style.font->draw(image, panel.title, plan.title_text, at.left, kMargin, kInk);
    style.font->draw(image, panel.note, plan.text, at.left, kMargin + plan.title_text + 4,
                     kFaintInk);
}

}  // namespace

Color cell_color(float value, const HeatmapStyle& style) {
    if (std::isnan(value)) return kNotANumberColor;
    if (std::isinf(value) && value < 0) return kMaskedColor;
    return (*style.colors)[color_index(style.scale.position(static_cast<double>(value)))];
}

Image draw_cells(MatrixView<const float> cells, const HeatmapStyle& style) {
    const std::size_t side = style.layout.pixels;
    Image image(cells.columns * side, cells.rows * side, kMaskedColor);
    draw_cells(image, 0, 0, cells, style);
    return image;
}

void draw_cells(Image& image, std::size_t x, std::size_t y, MatrixView<const float> cells,
                const HeatmapStyle& style) {
    const std::size_t side = style.layout.pixels;
    assert(x + cells.columns * side <= image.width() && y + cells.rows * side <= image.height());
    for (std::size_t row = 0; row < cells.rows; ++row) {
        // The first line of pixels is drawn, the others of the row are copies.
        std::uint8_t* const line = image.row(y + row * side) + x * 3;
        std::uint8_t* pixel = line;
        for (const float value : cells.row(row)) {
            const Color color = cell_color(value, style);
            for (std::size_t i = 0; i < side; ++i) {
                *pixel++ = color.red;
                *pixel++ = color.green;
                *pixel++ = color.blue;
            }
        }
        for (std::size_t copy = 1; copy < side; ++copy) {
            std::memcpy(image.row(y + row * side + copy) + x * 3, line, cells.columns * side * 3);
        }
    }
}

HeatmapGeometry measure_heatmap(const HeatmapPanel& panel, const HeatmapStyle& style) {
    return make_plan(panel, style).geometry;
}

Image draw_heatmap(const HeatmapPanel& panel, const HeatmapStyle& style) {
    const Plan plan = make_plan(panel, style);
    const HeatmapGeometry& at = plan.geometry;
    Image image(at.width, at.height, kPaper);
    draw_frame(image, at.left, at.top, plan.matrix_width, plan.matrix_height);
    draw_cells(image, at.left, at.top, panel.cells, style);
    draw_axes(image, plan, style);
    draw_title(image, panel, plan, style);

    const std::size_t bar = at.left + plan.matrix_width + kBarGap;
    draw_color_bar(image, style, plan.text, bar, at.top, plan.bar_height);
    draw_legend(image, style, plan.legend, plan.text, bar, at.top + plan.bar_height + 10);
    return image;
}

}  // namespace attn::render
