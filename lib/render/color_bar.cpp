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

void draw_color_bar(Image& image, const HeatmapStyle& style, std::size_t text_size, std::size_t x,
                    std::size_t y, std::size_t height) {
    const std::size_t width = bar_width(text_size);
    draw_frame(image, x, y, width, height);
    const auto last = static_cast<double>(std::max<std::size_t>(1, height - 1));
    for (std::size_t row = 0; row < height; ++row) {
        const double position = 1.0 - static_cast<double>(row) / last;
        image.fill(x, y + row, width, 1, (*style.colors)[color_index(position)]);
    }
    for (const Tick& tick : ticks(style.scale, kTicks)) {
        const double place = (1.0 - style.scale.position(tick.value)) * last;
        const std::size_t row = y + static_cast<std::size_t>(std::lround(place));
        image.fill(x + width + 1, row, 4, 1, kInk);
        const std::size_t above = std::min(row, text_size / 2);
        style.font->draw(image, tick.text, text_size, x + width + 8, row - above, kInk);
    }
    const std::size_t length = style.font->width(style.value_name, text_size);
    const std::size_t middle =
        y + height / 2 + std::min(length / 2, image.height() - y - height / 2 - 1);
    style.font->draw(image, style.value_name, text_size,
                     x + width + 8 + widest_tick(style, text_size) + 6, middle, kInk,
                     TextDirection::up);
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

void draw_legend(Image& image, const HeatmapStyle& style, LegendEntries entries,
                 std::size_t text_size, std::size_t x, std::size_t y) {
    const auto entry = [&](Color color, const char* text) {
        const std::size_t side = text_size - 2;
        draw_frame(image, x, y + 1, side, side);
        image.fill(x, y + 1, side, side, color);
        style.font->draw(image, text, text_size, x + side + 6, y, kInk);
        y += text_size + 4;
    };
    if (entries.masked) entry(kMaskedColor, "masked");
    if (entries.not_a_number) entry(kNotANumberColor, "NaN");
}

}  // namespace attn::render
