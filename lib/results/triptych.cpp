#include "results/triptych.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "core/divide_up.hpp"
#include "core/word_list.hpp"
#include "render/cell_layout.hpp"
#include "render/color_bar.hpp"
#include "render/heatmap.hpp"
#include "render/ink.hpp"
#include "results/folder_layout.hpp"

namespace attn::results {
namespace {

using analysis::ImpliedHead;

constexpr std::size_t kPanelGap = 34;
constexpr std::size_t kTriptychMargin = 14;
constexpr std::size_t kTriptychText = 12;
constexpr std::size_t kTriptychTitle = 18;
constexpr render::Color kLost{245, 195, 120};
constexpr render::Color kMasked{255, 255, 255};  // the usual grey is the middle of coolwarm

// The cells of a picture, each for pool x pool weights: the largest of them, and the difference
// that is farthest from 0.
struct TriptychCells {
    std::size_t rows, columns;
    std::vector<float> exact, implied, difference;
    std::vector<bool> lost;  // nothing of the cell is kept
    double largest = 0, farthest = 0;

    TriptychCells(const ImpliedHead& head, std::size_t pool)
        : rows(divide_up(head.exact.rows, pool)),
          columns(divide_up(head.exact.columns, pool)),
          exact(rows * columns, -std::numeric_limits<float>::infinity()),
          implied(exact),
          difference(exact),
          lost(rows * columns, true) {
        for (std::size_t query = 0; query < head.exact.rows; ++query) {
            for (std::size_t key = 0; key < head.exact.columns; ++key)
                add(head, query, key, query / pool * columns + key / pool);
        }
    }

  private:
    void add(const ImpliedHead& head, std::size_t query, std::size_t key, std::size_t cell) {
        const std::size_t place = query * head.exact.columns + key;
        const double weight = head.exact.row(query)[key], other = head.implied.row(query)[key];
        // What leaks to where nobody may attend is seen.
        if (!head.allowed[place] && other == 0) return;
        const auto away = static_cast<float>(other - weight);
        exact[cell] = std::max(exact[cell], static_cast<float>(weight));
        implied[cell] = std::max(implied[cell], static_cast<float>(other));
        if (!std::isfinite(difference[cell]) || std::abs(away) > std::abs(difference[cell]))
            difference[cell] = away;
        if (head.kept[place] || other != 0) lost[cell] = false;
        largest = std::max(largest, weight);
        farthest = std::max(farthest, std::abs(other - weight));
    }
};

render::HeatmapStyle scaled_style(const std::string& colors, double low, double high,
                                  const std::string& name) {
    render::HeatmapStyle style;
    style.colors = &render::color_map(colors);
    style.scale = {render::ScaleKind::linear, low, high};
    style.value_name = name;
    return style;
}

// Weights beyond the ends are arrows: below somebody's --vmin, or above what exact ones reach.
render::ColorBar with_arrows(render::ColorBar bar, const TriptychCells& cells,
                             const render::ColorScale& scale) {
    const double rounding = 1e-6 * (scale.high - scale.low);
    for (const std::vector<float>* values : {&cells.exact, &cells.implied}) {
        for (const float value : *values) {
            if (!std::isfinite(value)) continue;
            bar.below = bar.below || value < scale.low - rounding;
            bar.above = bar.above || value > scale.high + rounding;
        }
    }
    return bar;
}

struct PanelPlace {
    std::size_t x, y, pixels;
};

// One panel with its name, and the first and last numbers of its keys.
void add_triptych_panel(render::Figure& figure, const PanelPlace& at, const std::string& name,
                        render::Image cells, const ImpliedHead& head) {
    const std::size_t width = cells.width() * at.pixels, height = cells.height() * at.pixels;
    const auto left = static_cast<double>(at.x), top = static_cast<double>(at.y);
    figure.write({name, kTriptychText + 1, left, top - kTriptychText - 7, render::kInk});
    figure.place({std::move(cells), at.x, at.y, at.pixels, at.pixels});
    figure.frame(at.x, at.y, width, height);
    const double below = top + static_cast<double>(height) + 5;
    figure.write({"0", kTriptychText, left, below, render::kInk});
    figure.write({"key", kTriptychText, left + static_cast<double>(width) / 2, below, render::kInk,
                  render::TextAnchor::middle});
    figure.write({std::to_string(head.exact.columns - 1), kTriptychText,
                  left + static_cast<double>(width), below, render::kInk, render::TextAnchor::end});
}

}  // namespace

render::Figure draw_triptych(const ImpliedHead& head, const TriptychText& text,
                             const HeatmapOptions& options) {
    constexpr std::size_t kSide = 320;
    const std::optional<std::size_t> side =
        options.max_size || options.cell ? options.max_size : kSide;
    const render::CellLayout layout =
        render::lay_out_cells(head.exact.rows, head.exact.columns, options.cell, side);
    const TriptychCells cells(head, layout.pool);
    const std::size_t width = cells.columns * layout.pixels, height = cells.rows * layout.pixels;
    const std::size_t left = kTriptychMargin + 34;
    const std::size_t top =
        kTriptychMargin + kTriptychTitle + 6 + kTriptychText + 8 + kTriptychText + 10;
    render::HeatmapStyle weights =
        scaled_style(options.colormap, 0, std::max(cells.largest, 1e-12), "attention weight");
    weights.scale =
        render::limited(weights.scale, options.vmin, options.vmax,
                        {MatrixView<const float>(cells.exact.data(), cells.rows, cells.columns)});
    const double far = std::max(cells.farthest, 1e-12);
    const render::HeatmapStyle away = scaled_style("coolwarm", -far, far, "implied - exact");
    const auto colored = [&](const std::vector<float>& values, const render::HeatmapStyle& style) {
        render::Image image =
            render::color_cells({values.data(), cells.rows, cells.columns}, style);
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (std::isinf(values[i])) image.set(i % cells.columns, i / cells.columns, kMasked);
        }
        return image;
    };
    render::Figure figure;
    const auto panel = [&](std::size_t x, const char* name, render::Image image) {
        add_triptych_panel(figure, {x, top, layout.pixels}, name, std::move(image), head);
        return x + width + kPanelGap;
    };
    render::ColorBar bar;
    bar.height = std::max<std::size_t>(height, 120);
    std::size_t x = panel(left, "exact", colored(cells.exact, weights));
    render::Image implied = colored(cells.implied, weights);
    bool any_lost = false;
    for (std::size_t i = 0; i < cells.lost.size(); ++i) {
        if (!cells.lost[i] || !std::isfinite(cells.implied[i])) continue;
        any_lost = true;
        implied.set(i % cells.columns, i / cells.columns, kLost);
    }
    x = panel(x, "implied", std::move(implied)) - kPanelGap + 14;
    const render::ColorBar weights_bar = with_arrows(bar, cells, weights.scale);
    render::add_color_bar(figure, weights, weights_bar, x, top);
    x += render::color_bar_width(weights, weights_bar) + kPanelGap;
    x = panel(x, "difference", colored(cells.difference, away)) - kPanelGap + 14;
    render::add_color_bar(figure, away, bar, x, top);
    x += render::color_bar_width(away, bar);

    const render::Font& font = render::Font::embedded();
    std::string note = text.note;
    if (any_lost) note += " · orange: keys that are not kept";
    if (layout.pool > 1)
        note += " · a cell is " + std::to_string(layout.pool) + " x " +
                counted(layout.pool, "weight") + ", the largest of them";
    const auto start = static_cast<double>(kTriptychMargin);
    figure.write({text.title, kTriptychTitle, start, kTriptychMargin, render::kInk});
    figure.write({note, kTriptychText, start,
                  static_cast<double>(kTriptychMargin + kTriptychTitle + 6), render::kFaintInk});
    figure.write({"query", kTriptychText, start,
                  static_cast<double>(top) + static_cast<double>(height) / 2, render::kInk,
                  render::TextAnchor::middle, render::TextDirection::up});
    figure.write({"0", kTriptychText, static_cast<double>(left - 5), static_cast<double>(top),
                  render::kInk, render::TextAnchor::end});
    figure.write({std::to_string(head.exact.rows - 1), kTriptychText, static_cast<double>(left - 5),
                  static_cast<double>(top + height - kTriptychText), render::kInk,
                  render::TextAnchor::end});
    const std::size_t words =
        std::max(font.width(text.title, kTriptychTitle), font.width(note, kTriptychText));
    figure.width = std::max(x, kTriptychMargin + words) + kTriptychMargin;
    figure.height =
        std::max(top + height + kTriptychText + 8, top + render::color_bar_bottom(weights_bar)) +
        kTriptychMargin;
    return figure;
}

std::string triptych_file(const ImpliedHead& head, const std::string& spec, bool batch) {
    std::string name = spec;
    std::replace(name.begin(), name.end(), '/', '+');
    char place[48];
    if (batch)
        std::snprintf(place, sizeof place, "seq%02zu-head%02zu-", head.sequence, head.head);
    else
        std::snprintf(place, sizeof place, "head%02zu-", head.head);
    return layer_folder(head.layer) + "/" + place + name + ".png";
}

}  // namespace attn::results
