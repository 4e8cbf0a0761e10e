#include "pipeline/difference_picture.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "analysis/difference_cells.hpp"
#include "render/heatmap.hpp"
#include "render/png.hpp"

namespace attn::pipeline {
namespace {

constexpr std::size_t kMostPixels = 640;  // of a matrix' longer side; three stand side by side

// The largest finite distance from zero.
double farthest(const std::vector<float>& cells) {
    double most = 0;
    for (const float cell : cells) {
        if (std::isfinite(cell)) most = std::max(most, std::abs(static_cast<double>(cell)));
    }
    return most;
}

std::string farthest_text(double most) {
    char text[64];
    std::snprintf(text, sizeof text, "at most %.3g apart", most);
    return most > 0 ? text : "no difference";
}

render::HeatmapStyle style_of(const char* colors, double low, double high,
                              render::CellLayout layout, const std::string& what) {
    render::HeatmapStyle style;
    style.colors = &render::color_map(colors);
    style.scale = {render::ScaleKind::linear, low, high};
    style.layout = layout;
    style.value_name = what;
    return style;
}

}  // namespace

template <class T>
std::string draw_difference(MatrixView<const T> a, MatrixView<const T> b,
                            const DifferenceTitles& titles, Span<const KeyRange> allowed) {
    const render::CellLayout layout =
        render::lay_out_cells(a.rows, a.columns, std::nullopt, kMostPixels);
    const auto cells = analysis::difference_cells<T>(a, b, layout.pool, allowed);
    render::HeatmapPanel panel;
    panel.queries = a.rows;
    panel.keys = a.columns;
    panel.query_labels = titles.queries;
    panel.key_labels = titles.keys;
    const auto part = [&](const std::vector<float>& values, const std::string& title,
                          const std::string& note, const render::HeatmapStyle& style) {
        panel.cells = {values.data(), cells.rows, cells.columns};
        panel.title = title;
        panel.note = note;
        return render::make_heatmap(panel, style);
    };
    const double high = std::max(farthest(cells.a), farthest(cells.b));
    const double most = farthest(cells.difference);
    const double top = high > 0 ? high : 1;
    const auto weights = style_of(titles.below_zero ? "coolwarm" : "viridis",
                                  titles.below_zero ? -top : 0, top, layout, titles.value);
    const auto change =
        style_of("coolwarm", most > 0 ? -most : -1, most > 0 ? most : 1, layout, "difference");
    render::Figure figure = part(cells.a, "A: " + titles.head, titles.a, weights);
    figure.append(part(cells.b, "B: " + titles.head, titles.b, weights));
    figure.append(part(cells.difference, "A − B", farthest_text(most), change));
    return render::encode_png(render::rasterize(figure, *weights.font));
}

template std::string draw_difference<float>(MatrixView<const float>, MatrixView<const float>,
                                            const DifferenceTitles&, Span<const KeyRange>);
template std::string draw_difference<double>(MatrixView<const double>, MatrixView<const double>,
                                             const DifferenceTitles&, Span<const KeyRange>);

}  // namespace attn::pipeline
