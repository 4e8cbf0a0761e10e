#include "render/color_bar.hpp"

#include <algorithm>
#include <cmath>

#include "render/ink.hpp"

namespace attn::render {
namespace {

constexpr std::size_t kTicks = 5;
constexpr std::size_t kToNumbers = 8;  // from the bar to its numbers
constexpr std::size_t kToName = 6;     // from them to the name

std::size_t width_of(const ColorBar& bar) {
    return bar.text_size + 2;
}

// Height of an arrow, which a low bar has little room for.
std::size_t arrow(const ColorBar& bar) {
    return std::min(bar.text_size, bar.height / 4);
}

// The part between the arrows.
std::size_t scale_top(const ColorBar& bar) {
    return bar.above ? arrow(bar) : 0;
}

std::size_t scale_height(const ColorBar& bar) {
    const std::size_t arrows = scale_top(bar) + (bar.below ? arrow(bar) : 0);
    return std::max<std::size_t>(1, bar.height - std::min(bar.height, arrows));
}

struct PlacedTick {
    std::size_t row = 0;  // pixels below the bar's upper edge
    double text = 0;      // the middle of its text, which may have to give way
    std::string label;
};

// The ends, and the round numbers that do not touch them or each other.
std::vector<PlacedTick> place_ticks(const HeatmapStyle& style, const ColorBar& bar) {
    const auto last = static_cast<double>(scale_height(bar) - 1);
    const auto place = [&](const Tick& tick) {
        const double down = std::round((1.0 - style.scale.position(tick.value)) * last);
        const std::size_t row = scale_top(bar) + static_cast<std::size_t>(down);
        return PlacedTick{row, static_cast<double>(row), tick.text};
    };
    const std::vector<Tick> ends = end_ticks(style.scale);
    std::vector<PlacedTick> placed{place(ends[1]), place(ends[0])};
    const double least = static_cast<double>(bar.text_size) + 1;
    const double apart = placed[1].text - placed[0].text;
    if (apart < least) {
        placed[0].text -= (least - apart) / 2;
        placed[1].text += (least - apart) / 2;
        return placed;
    }
    const auto room = static_cast<std::size_t>(apart / least / 2);
    for (const Tick& tick : ticks(style.scale, std::clamp<std::size_t>(room, 1, kTicks))) {
        const PlacedTick between = place(tick);
        const bool free = std::all_of(placed.begin(), placed.end(), [&](const PlacedTick& other) {
            return std::abs(other.text - between.text) >= least * 1.2 &&
                   other.label != between.label;
        });
        if (free) placed.push_back(between);
    }
    return placed;
}

std::size_t widest_tick(const HeatmapStyle& style, const ColorBar& bar) {
    std::size_t widest = 0;
    for (const PlacedTick& tick : place_ticks(style, bar))
        widest = std::max(widest, style.font->width(tick.label, bar.text_size));
    return widest;
}

// Whether the name of the values stands upright beside the bar; a low bar has it across.
bool is_upright(const HeatmapStyle& style, const ColorBar& bar) {
    return style.font->width(style.value_name, bar.text_size) <= bar.height;
}

// An arrow with its outline: its base lies at `base`, its point `high` pixels away, up or down.
void add_arrow(Figure& figure, double x, double width, double base, double high, bool up,
               Color color) {
    const double way = up ? -1 : 1;
    const double middle = x + width / 2;
    figure.fill({{x - 1, base}, {x + width + 1, base}, {middle, base + way * high}}, kInk);
    const double inner = std::max(0.0, high - 2);
    const double start = base - way;  // over the frame of the bar
    figure.fill({{x, start},
                 {x, base},
                 {middle, base + way * inner},
                 {x + width, base},
                 {x + width, start}},
                color);
}

void add_shades(Figure& figure, const HeatmapStyle& style, const ColorBar& bar, std::size_t x,
                std::size_t y) {
    const std::size_t width = width_of(bar);
    const std::size_t height = scale_height(bar);
    const std::size_t top = y + scale_top(bar);
    figure.frame(x, top, width, height);
    const auto last = static_cast<double>(std::max<std::size_t>(1, height - 1));
    Image shades(1, height, kPaper);
    for (std::size_t row = 0; row < height; ++row) {
        const double position = 1.0 - static_cast<double>(row) / last;
        shades.set(0, row, (*style.colors)[color_index(position)]);
    }
    figure.place({std::move(shades), x, top, width, 1});
    const auto left = static_cast<double>(x);
    const auto wide = static_cast<double>(width);
    const auto high = static_cast<double>(arrow(bar));
    if (bar.above)
        add_arrow(figure, left, wide, static_cast<double>(top), high, true, style.colors->back());
    if (bar.below)
        add_arrow(figure, left, wide, static_cast<double>(top + height), high, false,
                  style.colors->front());
}

}  // namespace

std::size_t color_bar_width(const HeatmapStyle& style, const ColorBar& bar) {
    const std::size_t name =
        is_upright(style, bar) ? bar.text_size : style.font->width(style.value_name, bar.text_size);
    return width_of(bar) + kToNumbers + widest_tick(style, bar) + kToName + name;
}

std::size_t color_bar_bottom(const ColorBar& bar) {
    return std::max(bar.height, bar.text_size) + bar.text_size / 2 + 2;
}

void add_color_bar(Figure& figure, const HeatmapStyle& style, const ColorBar& bar, std::size_t x,
                   std::size_t y) {
    add_shades(figure, style, bar, x, y);
    const std::size_t numbers = x + width_of(bar) + kToNumbers;
    const auto half = static_cast<double>(bar.text_size) / 2;
    for (const PlacedTick& tick : place_ticks(style, bar)) {
        figure.fill(x + width_of(bar) + 1, y + tick.row, 4, 1, kInk);
        const double line = std::max(0.0, static_cast<double>(y) + tick.text - std::floor(half));
        figure.write({tick.label, bar.text_size, static_cast<double>(numbers), line, kInk});
    }
    const auto beside = static_cast<double>(numbers + widest_tick(style, bar) + kToName);
    const double middle = static_cast<double>(y) + static_cast<double>(bar.height) / 2;
    if (is_upright(style, bar)) {
        figure.write({style.value_name, bar.text_size, beside, middle, kInk, TextAnchor::middle,
                      TextDirection::up});
    } else {
        figure.write({style.value_name, bar.text_size, beside, std::max(0.0, middle - half), kInk});
    }
}

}  // namespace attn::render
