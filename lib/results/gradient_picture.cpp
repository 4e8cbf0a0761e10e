#include "results/gradient_picture.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "render/heatmap.hpp"
#include "render/png.hpp"

namespace attn::results {
namespace {

using analysis::HeadGradientStats;

struct Strip {
    std::vector<std::string> layers;  // labels
    std::vector<std::string> heads;
    std::vector<float> cells;  // [layers, heads], means over sequences
};

template <class Value>
std::size_t place_of(std::vector<Value>& all, const Value& value) {
    const auto place =
        static_cast<std::size_t>(std::find(all.begin(), all.end(), value) - all.begin());
    if (place == all.size()) all.push_back(value);
    return place;
}

Strip strip_of(const GradientReport& report, double HeadGradientStats::*measure) {
    Strip strip;
    std::vector<std::size_t> rows, columns;
    for (const HeadGradientStats& head : report.heads)
        rows.push_back(place_of(strip.layers, std::to_string(head.layer))),
            columns.push_back(place_of(strip.heads, std::to_string(head.head)));
    std::vector<double> sums(strip.layers.size() * strip.heads.size()), counts(sums.size());
    for (std::size_t i = 0; i < report.heads.size(); ++i) {
        const double value = report.heads[i].*measure;
        if (std::isnan(value)) continue;
        sums[rows[i] * strip.heads.size() + columns[i]] += value;
        counts[rows[i] * strip.heads.size() + columns[i]] += 1;
    }
    for (std::size_t i = 0; i < sums.size(); ++i)
        strip.cells.push_back(static_cast<float>(sums[i] / counts[i]));
    return strip;
}

render::HeatmapStyle strip_style(MatrixView<const float> cells, const char* name, bool share) {
    render::HeatmapStyle style;
    // A few cells are drawn so large that their numbers can be read.
    constexpr std::size_t kFew = 12, kSide = 44, kMostPixels = 560;
    style.layout =
        std::max(cells.rows, cells.columns) <= kFew
            ? render::CellLayout{kSide, 1}
            : render::lay_out_cells(cells.rows, cells.columns, std::nullopt, kMostPixels);
    style.value_name = name;
    style.numbers = true;
    if (share) return style;  // 0 … 1
    const bool wide = [&] {
        double low = 0, high = 0;
        for (std::size_t row = 0; row < cells.rows; ++row) {
            for (const float value : cells.row(row)) {
                if (!(value > 0)) continue;
                low = low == 0 ? value : std::min(low, static_cast<double>(value));
                high = std::max(high, static_cast<double>(value));
            }
        }
        return low > 0 && high > 100 * low;
    }();
    style.scale =
        render::scale_of(cells, wide ? render::ScaleKind::log : render::ScaleKind::linear);
    if (!wide) style.scale.low = 0;
    return style;
}

render::Figure strip_figure(const GradientReport& report, double HeadGradientStats::*measure,
                            const char* name, const std::string& note, bool share) {
    const Strip strip = strip_of(report, measure);
    render::HeatmapPanel panel;
    panel.cells = {strip.cells.data(), strip.layers.size(), strip.heads.size()};
    panel.queries = strip.layers.size();
    panel.keys = strip.heads.size();
    panel.query_labels = strip.layers;
    panel.key_labels = strip.heads;
    panel.query_title = "layer";
    panel.key_title = "head";
    panel.title = name;
    panel.note = note;
    return render::make_heatmap(panel, strip_style(panel.cells, name, share));
}

}  // namespace

void write_gradient_picture(const GradientReport& report, const GradientPictureText& text,
                            io::OutputFolder& folder) {
    render::Figure figure =
        strip_figure(report, &HeadGradientStats::grad_scores, "grad_scores", text.upstream, false);
    figure.append(strip_figure(report, &HeadGradientStats::jacobian_trace, "jacobian_trace",
                               "0: one-hot rows, no gradient", true));
    figure.append(strip_figure(report, &HeadGradientStats::importance, "importance",
                               "|Σ context · gradient|", false));
    folder.write("gradients.png",
                 render::encode_png(render::rasterize(figure, render::Font::embedded())));
}

}  // namespace attn::results
