#include "results/gradient_picture.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/divide_up.hpp"
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

// Whether they are 0, 1, 2 …
bool are_places(const std::vector<std::string>& labels) {
    for (std::size_t i = 0; i < labels.size(); ++i)
        if (labels[i] != std::to_string(i)) return false;
    return true;
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
    // All heads are numbered as an axis is; only others are named one by one.
    if (!are_places(strip.heads)) panel.key_labels = strip.heads;
    panel.query_title = "layer";
    panel.key_title = "head";
    panel.title = name;
    panel.note = note;
    return render::make_heatmap(panel, strip_style(panel.cells, name, share));
}

// The largest of each group of tokens that share a cell.
render::Figure token_figure(const GradientReport& report) {
    std::size_t tokens = 0, sequences = 0;
    for (const TokenGradient& token : report.tokens) {
        tokens = std::max(tokens, token.token + 1);
        sequences = std::max(sequences, token.sequence + 1);
    }
    constexpr std::size_t kMostPixels = 560;
    render::HeatmapStyle style;
    style.layout = render::lay_out_cells(tokens, 1, std::nullopt, kMostPixels);
    style.value_name = "grad_norm";
    const std::size_t pool = style.layout.pool;
    const std::size_t rows = divide_up(tokens, pool);
    std::vector<float> cells(rows * sequences);
    for (const TokenGradient& token : report.tokens) {
        float& cell = cells[token.token / pool * sequences + token.sequence];
        cell = std::max(cell, static_cast<float>(token.grad_norm));
    }
    render::HeatmapPanel panel;
    panel.cells = {cells.data(), rows, sequences};
    panel.queries = tokens;
    panel.keys = sequences * pool;  // sequences are not pooled
    if (report.labels.size() == 1) panel.query_labels = report.labels.front();
    for (std::size_t sequence = 0; sequence < panel.keys; ++sequence)
        panel.key_labels.push_back(std::to_string(sequence / pool));
    panel.query_title = "input token";
    panel.key_title = "sequence";
    panel.title = "grad_norm";
    panel.note = "gradient of each input token";
    style.scale = render::scale_of(panel.cells, render::ScaleKind::linear);
    style.scale.low = 0;
    return render::make_heatmap(panel, style);
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
    if (report.of_logit) figure.append(token_figure(report));
    folder.write("gradients.png",
                 render::encode_png(render::rasterize(figure, render::Font::embedded())));
}

}  // namespace attn::results
