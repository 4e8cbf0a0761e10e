#include "render/legend.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "core/word_list.hpp"
#include "render/ink.hpp"

namespace attn::render {
namespace {

constexpr std::size_t kSquareGap = 6;  // between square and text
constexpr std::size_t kLead = 4;       // between lines

std::string with_digits(double value, int digits) {
    char text[32];
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    return text;
}

/// Whether the text of an end of the range lies, as float32, beyond that end.
bool rounded_outwards(const std::string& text, double end, bool above) {
    const auto shown = static_cast<float>(std::strtod(text.c_str(), nullptr));
    const auto cell = static_cast<float>(end);
    return above ? shown > cell : shown < cell;
}

}  // namespace

void SpecialCells::add(const HeatmapPanel& panel, const ColorScale& scale) {
    add(panel.cells, scale);
    if (!panel.left_out.empty()) left_out = panel.left_out;
}

void SpecialCells::add(MatrixView<const float> cells, const ColorScale& scale) {
    // As float32, which the cells are: 0.3 does not lie above 0.3.
    const auto low = static_cast<float>(scale.low);
    const auto high = static_cast<float>(scale.high);
    constexpr float kMasked = -std::numeric_limits<float>::infinity();
    for (std::size_t row = 0; row < cells.rows; ++row) {
        // Counts without branches, which become vectors. NaN is neither below nor above.
        std::uint32_t broken = 0, hidden = 0, under = 0, over = 0;
        for (const float value : cells.row(row)) {
            broken += std::isnan(value) ? 1U : 0U;
            hidden += value == kMasked ? 1U : 0U;
            under += value < low ? 1U : 0U;
            over += value > high ? 1U : 0U;
        }
        not_a_number = not_a_number || broken > 0;
        masked = masked || hidden > 0;
        below += kMasked < low ? under - hidden : under;
        above += over;
    }
}

std::string outside_text(std::size_t count, bool above, const ColorScale& scale) {
    const Tick end = end_ticks(scale)[above ? 1 : 0];
    std::string text = end.text;
    // A weight of 1 lies above 0.99986, not above the 1 that three digits make of it.
    for (int digits = 4; digits <= 9 && rounded_outwards(text, end.value, above); ++digits)
        text = with_digits(end.value, digits);
    return counted(count, "cell") + " " + (above ? "above " : "below ") + text;
}

std::vector<LegendEntry> make_legend(const SpecialCells& cells, const HeatmapStyle& style) {
    std::vector<LegendEntry> legend;
    if (cells.above > 0)
        legend.push_back(
            {style.colors->back(), false, outside_text(cells.above, true, style.scale)});
    if (cells.below > 0)
        legend.push_back(
            {style.colors->front(), false, outside_text(cells.below, false, style.scale)});
    if (!cells.left_out.empty())
        legend.push_back({style.colors->back(), true, cells.left_out + " left out of the range"});
    if (cells.masked) legend.push_back({masked_color(*style.colors), false, "masked"});
    if (cells.not_a_number) legend.push_back({kNotANumberColor, false, "NaN"});
    return legend;
}

std::size_t legend_width(const std::vector<LegendEntry>& legend, const HeatmapStyle& style,
                         std::size_t text_size) {
    std::size_t widest = 0;
    for (const LegendEntry& entry : legend)
        widest =
            std::max(widest, text_size - 2 + kSquareGap + style.font->width(entry.text, text_size));
    return widest;
}

std::size_t legend_height(const std::vector<LegendEntry>& legend, std::size_t text_size) {
    return legend.size() * (text_size + kLead);
}

void add_legend(Figure& figure, const std::vector<LegendEntry>& legend, std::size_t text_size,
                std::size_t x, std::size_t y) {
    const std::size_t side = text_size - 2;
    for (const LegendEntry& entry : legend) {
        figure.frame(x, y + 1, side, side);
        figure.fill(x, y + 1, side, side, entry.color);
        if (entry.hatched) figure.hatch(x, y + 1, side, side);
        figure.write({entry.text, text_size, static_cast<double>(x + side + kSquareGap),
                      static_cast<double>(y), kInk});
        y += text_size + kLead;
    }
}

}  // namespace attn::render
