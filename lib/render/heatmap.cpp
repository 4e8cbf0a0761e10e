#include "render/heatmap.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "render/axis.hpp"
#include "render/cell_numbers.hpp"
#include "render/color_bar.hpp"
#include "render/ink.hpp"
#include "render/legend.hpp"

namespace attn::render {
namespace {

constexpr std::size_t kMargin = 12;
constexpr std::size_t kBarGap = 18;

// Everything about the picture that is known before the first pixel.
struct Plan {
    std::size_t text = 12;  // heights of the texts
    std::size_t axis_text = 14;
    std::size_t title_text = 17;
    std::size_t title_height = 0;  // 0: there is none
    std::size_t matrix_width = 0;
    std::size_t matrix_height = 0;
    ColorBar bar;
    Axis query_axis;
    Axis key_axis;
    std::vector<LegendEntry> legend;
    HeatmapGeometry geometry;
};

Plan make_plan(const HeatmapPanel& panel, const HeatmapStyle& style) {
    Plan plan;
    // Text grows with the cells, but slower: large cells are for print, not for large letters.
    plan.text =
        std::min<std::size_t>(28, 12 + (std::max<std::size_t>(style.layout.pixels, 12) - 12) / 3);
    plan.axis_text = plan.text + 2;
    plan.title_text = plan.text + 5;
    plan.matrix_width = panel.cells.columns * style.layout.width();
    plan.matrix_height = panel.cells.rows * style.layout.height();
    SpecialCells special;
    special.add(panel, style.scale);
    plan.legend = make_legend(special, style);
    plan.bar = {plan.text, plan.matrix_height, special.below > 0, special.above > 0};
    AxisPair axes =
        make_axes(panel.query_labels, {panel.first_query, panel.queries}, panel.key_labels,
                  {panel.first_key, panel.keys}, style.layout, *style.font, plan.text);
    plan.query_axis = std::move(axes.queries);
    plan.key_axis = std::move(axes.keys);

    HeatmapGeometry& geometry = plan.geometry;
    geometry.left = kMargin + plan.axis_text + 6 + plan.query_axis.widest + kAxisGap;
    plan.title_height = panel.title.empty() ? 0 : plan.title_text + 4;
    geometry.top = kMargin + plan.title_height + 4 + (panel.note.empty() ? 0 : plan.text + 4);

    const std::size_t title = std::max(style.font->width(panel.title, plan.title_text),
                                       style.font->width(panel.note, plan.text));
    const std::size_t right =
        geometry.left + plan.matrix_width + kBarGap +
        std::max(color_bar_width(style, plan.bar), legend_width(plan.legend, style, plan.text));
    geometry.width = std::max(right, geometry.left + title) + kMargin;

    const std::size_t below_matrix = plan.matrix_height + kAxisGap +
                                     key_label_height(plan.key_axis, plan.text) + 6 +
                                     plan.axis_text;
    const std::size_t below_bar =
        color_bar_bottom(plan.bar) + legend_height(plan.legend, plan.text);
    geometry.height = geometry.top + kMargin + std::max(below_matrix, below_bar);
    return plan;
}

void add_axes(Figure& figure, const HeatmapPanel& panel, const Plan& plan) {
    const HeatmapGeometry& at = plan.geometry;
    add_query_labels(figure, plan.query_axis, plan.text, at.left, at.top);
    const double middle = static_cast<double>(at.top) + static_cast<double>(plan.matrix_height) / 2;
    figure.write({panel.query_title, plan.axis_text, kMargin, middle, kInk, TextAnchor::middle,
                  TextDirection::up});

    const std::size_t bottom = at.top + plan.matrix_height;
    add_key_labels(figure, plan.key_axis, plan.text, at.left, bottom);
    const std::size_t below = bottom + kAxisGap + key_label_height(plan.key_axis, plan.text) + 6;
    const std::size_t center = at.left + plan.matrix_width / 2;
    figure.write({panel.key_title, plan.axis_text, static_cast<double>(center),
                  static_cast<double>(below), kInk, TextAnchor::middle});
}

void add_title(Figure& figure, const HeatmapPanel& panel, const Plan& plan) {
    const auto left = static_cast<double>(plan.geometry.left);
    figure.write({panel.title, plan.title_text, left, kMargin, kInk});
    figure.write(
        {panel.note, plan.text, left, static_cast<double>(kMargin + plan.title_height), kFaintInk});
}

}  // namespace

Color masked_color(const ColorMap& colors) {
    constexpr Color kPaleYellow{250, 244, 205};
    const auto is_near = [](const Color& color) {
        const auto apart = [](std::uint8_t a, std::uint8_t b) { return std::abs(a - b); };
        return apart(color.red, kMaskedColor.red) + apart(color.green, kMaskedColor.green) +
                   apart(color.blue, kMaskedColor.blue) <
               30;
    };
    return std::any_of(colors.begin(), colors.end(), is_near) ? kPaleYellow : kMaskedColor;
}

Color cell_color(float value, const HeatmapStyle& style) {
    if (std::isnan(value)) return kNotANumberColor;
    if (std::isinf(value) && value < 0) return masked_color(*style.colors);
    return (*style.colors)[color_index(style.scale.position(static_cast<double>(value)))];
}

Image color_cells(MatrixView<const float> cells, const HeatmapStyle& style) {
    const Color masked = masked_color(*style.colors);
    Image image(cells.columns, cells.rows, masked);
    // Most cells of most pictures: what ColorScale::position makes of them, without the call.
    const double low = style.scale.low, high = style.scale.high;
    const bool linear =
        style.scale.kind == ScaleKind::linear && high > low && std::isfinite(high - low);
    for (std::size_t row = 0; row < cells.rows; ++row) {
        std::uint8_t* pixel = image.row(row);
        for (const float value : cells.row(row)) {
            const auto wide = static_cast<double>(value);
            const bool inside = linear && wide >= low && wide <= high;
            const bool hidden = std::isinf(value) && value < 0;
            const Color color = inside   ? (*style.colors)[color_index((wide - low) / (high - low))]
                                : hidden ? masked
                                         : cell_color(value, style);
            *pixel++ = color.red;
            *pixel++ = color.green;
            *pixel++ = color.blue;
        }
    }
    return image;
}

void add_cells(Figure& figure, std::size_t x, std::size_t y, MatrixView<const float> cells,
               const HeatmapStyle& style) {
    const std::size_t width = style.layout.width(), height = style.layout.height();
    figure.frame(x, y, cells.columns * width, cells.rows * height);
    figure.place({color_cells(cells, style), x, y, width, height});
    if (style.numbers && cell_number_size(cells, style) > 0)
        add_cell_numbers(figure, x, y, cells, style);
}

void add_left_out(Figure& figure, std::size_t x, std::size_t y, const HeatmapPanel& panel,
                  const HeatmapStyle& style) {
    if (panel.left_out.empty()) return;
    figure.hatch(x, y, style.layout.width(), panel.cells.rows * style.layout.height());
}

HeatmapGeometry measure_heatmap(const HeatmapPanel& panel, const HeatmapStyle& style) {
    return make_plan(panel, style).geometry;
}

Figure make_heatmap(const HeatmapPanel& panel, const HeatmapStyle& style) {
    const Plan plan = make_plan(panel, style);
    const HeatmapGeometry& at = plan.geometry;
    Figure figure{at.width, at.height, {}};
    add_cells(figure, at.left, at.top, panel.cells, style);
    add_left_out(figure, at.left, at.top, panel, style);
    add_axes(figure, panel, plan);
    add_title(figure, panel, plan);

    const std::size_t bar = at.left + plan.matrix_width + kBarGap;
    add_color_bar(figure, style, plan.bar, bar, at.top);
    add_legend(figure, plan.legend, plan.text, bar, at.top + color_bar_bottom(plan.bar));
    return figure;
}

}  // namespace attn::render
