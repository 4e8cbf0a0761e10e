#include "render/color_bar.hpp"

#include <algorithm>
#include <cmath>

#include "render/ink.hpp"

namespace attn::render {
namespace {

constexpr std::size_t kTicks = 5;

std::size_t bar_width(std::size_t text_size) {
    return text_size + 2;
}

std::size_t widest_tick(const HeatmapStyle& style, std::size_t text_size) {
    std::size_t widest = 0;
    for (const Tick& tick : ticks(style.scale, kTicks)) {
        widest = std::max(widest, style.font->width(tick.text, text_size));
    }
    return widest;
}

}  // namespace

std::size_t color_bar_width(const HeatmapStyle& style, std::size_t text_size) {
    return bar_width(text_size) + 8 + widest_tick(style, text_size) + 6 + text_size;
}

void add_color_bar(Figure& figure, const HeatmapStyle& style, std::size_t text_size, std::size_t x,
                   std::size_t y, std::size_t height) {
    const std::size_t width = bar_width(text_size);
    figure.frame(x, y, width, height);
    const auto last = static_cast<double>(std::max<std::size_t>(1, height - 1));
    Image shades(1, height, kPaper);
    for (std::size_t row = 0; row < height; ++row) {
        const double position = 1.0 - static_cast<double>(row) / last;
        shades.set(0, row, (*style.colors)[color_index(position)]);
    }
    figure.place({std::move(shades), x, y, width, 1});
    for (const Tick& tick : ticks(style.scale, kTicks)) {
        const double place = (1.0 - style.scale.position(tick.value)) * last;
        const std::size_t row = y + static_cast<std::size_t>(std::lround(place));
        figure.fill(x + width + 1, row, 4, 1, kInk);
        const std::size_t above = std::min(row, text_size / 2);
        figure.write({tick.text, text_size, static_cast<double>(x + width + 8),
                      static_cast<double>(row - above), kInk});
    }

    TextLine name;
    name.text = style.value_name;
    name.size = text_size;
    name.x = static_cast<double>(x + width + 8 + widest_tick(style, text_size) + 6);
    name.y = static_cast<double>(y + height / 2);
    name.color = kInk;
    name.anchor = TextAnchor::middle;
    name.direction = TextDirection::up;
    // A name longer than the bar starts at the lower edge of the picture.
    const std::size_t room = figure.height - y - height / 2 - 1;
    if (style.font->width(name.text, text_size) / 2 > room) {
        name.y = static_cast<double>(figure.height - 1);
        name.anchor = TextAnchor::start;
    }
    figure.write(std::move(name));
}

LegendEntries find_special_cells(MatrixView<const float> cells) {
    LegendEntries entries;
    for (std::size_t row = 0; row < cells.rows; ++row) {
        for (const float value : cells.row(row)) {
            entries.masked |= value < 0 && std::isinf(value);
            entries.not_a_number |= std::isnan(value);
        }
    }
    return entries;
}

void add_legend(Figure& figure, LegendEntries entries, std::size_t text_size, std::size_t x,
                std::size_t y) {
    const auto entry = [&](Color color, const char* text) {
        const std::size_t side = text_size - 2;
        figure.frame(x, y + 1, side, side);
        figure.fill(x, y + 1, side, side, color);
        figure.write(
            {text, text_size, static_cast<double>(x + side + 6), static_cast<double>(y), kInk});
        y += text_size + 4;
    };
    if (entries.masked) entry(kMaskedColor, "masked");
    if (entries.not_a_number) entry(kNotANumberColor, "NaN");
}

}  // namespace attn::render
