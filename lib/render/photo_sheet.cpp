#include "render/photo_sheet.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/divide_up.hpp"
#include "render/color_bar.hpp"
#include "render/ink.hpp"
#include "render/legend.hpp"
#include "render/photo.hpp"

namespace attn::render {
namespace {

constexpr std::size_t kSheetMargin = 14;
constexpr std::size_t kSheetGap = 10;
constexpr std::size_t kSheetText = 13;
constexpr std::size_t kSheetTitleText = 19;

// How much of the map is seen where it is lowest and where it is highest, and how much colour the
// photograph keeps under it: what nobody looks at stays to be recognised.
constexpr double kLeastMap = 0.15;
constexpr double kMostMap = 0.8;
constexpr double kKeptColor = 0.35;

std::uint8_t mixed(double a, double b, double share_of_b) {
    return static_cast<std::uint8_t>(std::clamp(a + (b - a) * share_of_b + 0.5, 0.0, 255.0));
}

// The photograph with less colour, so that those of the map can be told.
Image paled(Image photo) {
    for (std::size_t y = 0; y < photo.height(); ++y) {
        std::uint8_t* pixel = photo.row(y);
        for (std::size_t x = 0; x < photo.width(); ++x, pixel += 3) {
            const double gray = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
            for (std::size_t i = 0; i < 3; ++i) pixel[i] = mixed(gray, pixel[i], kKeptColor);
        }
    }
    return photo;
}

Image overlaid(Image photo, const PhotoPanel& panel, const HeatmapStyle& style) {
    const std::size_t side = style.layout.pixels;
    for (std::size_t y = 0; y < photo.height(); ++y) {
        std::uint8_t* pixel = photo.row(y);
        const auto cells = panel.cells.row(y / side);
        for (std::size_t x = 0; x < photo.width(); ++x, pixel += 3) {
            const float weight = cells[x / side];
            const Color color = cell_color(weight, style);
            const double place = style.scale.position(static_cast<double>(weight));
            const double seen = kLeastMap + (kMostMap - kLeastMap) * std::sqrt(place);
            pixel[0] = mixed(pixel[0], color.red, seen);
            pixel[1] = mixed(pixel[1], color.green, seen);
            pixel[2] = mixed(pixel[2], color.blue, seen);
        }
    }
    return photo;
}

// A light frame in a dark one around the patch, to be seen on every ground.
void add_target(Figure& figure, std::size_t x, std::size_t y, std::size_t side) {
    for (const auto& [inset, color] : {std::pair{std::size_t{0}, kInk}, {std::size_t{1}, kPaper}}) {
        const std::size_t left = x + inset, top = y + inset;
        const std::size_t length = side > 2 * inset ? side - 2 * inset : 1;
        figure.fill(left, top, length, 1, color);
        figure.fill(left, top + length - 1, length, 1, color);
        figure.fill(left, top, 1, length, color);
        figure.fill(left + length - 1, top, 1, length, color);
    }
}

}  // namespace

Figure make_photo_sheet(const PhotoSheet& sheet, const HeatmapStyle& style) {
    assert(!sheet.panels.empty() && sheet.columns > 0 && sheet.photo != nullptr);
    const std::size_t side = style.layout.pixels;
    const std::size_t wide = sheet.panels.front().cells.columns * side;
    const std::size_t high = sheet.panels.front().cells.rows * side;
    const std::size_t rows = divide_up(sheet.panels.size(), sheet.columns);
    const std::size_t left = kSheetMargin + (sheet.row_titles.empty() ? 0 : kSheetText + 10);
    const std::size_t top =
        kSheetMargin + kSheetTitleText + 10 + (sheet.note.empty() ? 0 : kSheetText + 4);
    const std::size_t line = kSheetText + 5 + high + kSheetGap;
    const std::size_t bar = left + sheet.columns * (wide + kSheetGap) + 8;
    SpecialCells special;
    for (const PhotoPanel& panel : sheet.panels) special.add(panel.cells, style.scale);
    const std::vector<LegendEntry> legend = make_legend(special, style);
    const ColorBar color_bar{kSheetText,
                             std::min<std::size_t>(rows * line - kSheetGap - kSheetText - 5, 480),
                             special.below > 0, special.above > 0};
    const std::size_t beside =
        std::max(color_bar_width(style, color_bar), legend_width(legend, style, kSheetText));
    const std::size_t below = color_bar_bottom(color_bar) + legend_height(legend, kSheetText);
    const std::size_t title = std::max(style.font->width(sheet.title, kSheetTitleText),
                                       style.font->width(sheet.note, kSheetText));
    Figure figure{std::max(bar + beside, left + title) + kSheetMargin,
                  top + std::max(rows * line, kSheetText + 5 + below) + kSheetMargin,
                  {}};
    figure.write({sheet.title, kSheetTitleText, static_cast<double>(left), kSheetMargin, kInk});
    figure.write({sheet.note, kSheetText, static_cast<double>(left),
                  kSheetMargin + kSheetTitleText + 4, kFaintInk});

    const Image photo = paled(resized(*sheet.photo, wide, high));
    for (std::size_t index = 0; index < sheet.panels.size(); ++index) {
        const PhotoPanel& panel = sheet.panels[index];
        const std::size_t x = left + index % sheet.columns * (wide + kSheetGap);
        const std::size_t y = top + index / sheet.columns * line + kSheetText + 5;
        figure.write({style.font->shorten(panel.title, kSheetText, wide), kSheetText,
                      static_cast<double>(x), static_cast<double>(y - kSheetText - 5), kInk});
        figure.place({overlaid(photo, panel, style), x, y, 1, 1});
        figure.frame(x, y, wide, high);
        if (panel.target)
            add_target(figure, x + panel.target->second * side, y + panel.target->first * side,
                       side);
    }
    for (std::size_t row = 0; row < sheet.row_titles.size(); ++row) {
        const std::size_t middle = top + row * line + kSheetText + 5 + high / 2;
        figure.write({sheet.row_titles[row], kSheetText, kSheetMargin, static_cast<double>(middle),
                      kInk, TextAnchor::middle, TextDirection::up});
    }
    const std::size_t bar_top = top + kSheetText + 5;
    add_color_bar(figure, style, color_bar, bar, bar_top);
    add_legend(figure, legend, kSheetText, bar, bar_top + color_bar_bottom(color_bar));
    return figure;
}

}  // namespace attn::render
