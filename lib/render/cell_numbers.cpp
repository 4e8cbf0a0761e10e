#include "render/cell_numbers.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace attn::render {
namespace {

constexpr std::size_t kSmallest = 8;  // of a text that can be read
constexpr std::size_t kComfortable = 11;
constexpr std::size_t kRoom = 3;  // pixels on either side of a number
constexpr std::size_t kMostCells = 1 << 16;

double largest_of(MatrixView<const float> cells) {
    double largest = 0;
    for (std::size_t row = 0; row < cells.rows; ++row) {
        for (const float value : cells.row(row)) {
            if (std::isfinite(value))
                largest = std::max(largest, std::fabs(static_cast<double>(value)));
        }
    }
    return largest;
}

bool is_blank(float value) {
    return std::isinf(value) && value < 0;
}

// On a scale of ratios the digits of each number count, on others those of the largest one.
std::string text_of(float value, double largest, const ColorScale& scale) {
    const auto number = static_cast<double>(value);
    return cell_number(number, scale.kind == ScaleKind::log ? std::abs(number) : largest);
}

std::size_t widest_of(MatrixView<const float> cells, const ColorScale& scale, const Font& font,
                      std::size_t size) {
    const double largest = largest_of(cells);
    std::size_t widest = 0;
    for (std::size_t row = 0; row < cells.rows; ++row) {
        for (const float value : cells.row(row)) {
            if (is_blank(value)) continue;
            const std::string text = text_of(value, largest, scale);
            widest = std::max(widest, font.width(text, size));
        }
    }
    return widest;
}

}  // namespace

std::string cell_number(double value, double largest) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
    const char* format = "%.0e";
    if (largest >= 100) {
        format = "%.0f";
    } else if (largest >= 10) {
        format = "%.1f";
    } else if (largest >= 0.1 || largest == 0) {
        format = "%.2f";
    } else if (largest >= 0.01) {
        format = "%.3f";
    } else if (largest >= 0.001) {
        format = "%.4f";
    }
    if (largest >= 1e6) format = "%.0e";
    std::array<char, 400> buffer{};
    std::snprintf(buffer.data(), buffer.size(), format, value);
    std::string text = buffer.data();
    // What rounds to zero has no sign.
    if (text[0] == '-' && text.find_first_of("123456789") == std::string::npos) text.erase(0, 1);
    return text;
}

std::size_t cell_number_size(MatrixView<const float> cells, const HeatmapStyle& style) {
    const std::size_t side = style.layout.pixels;
    if (side < kSmallest || cells.rows * cells.columns > kMostCells) return 0;
    std::size_t size = std::min<std::size_t>(28, side * 2 / 5);
    for (; size >= kSmallest; --size) {
        if (widest_of(cells, style.scale, *style.font, size) + 2 * kRoom <= side) return size;
    }
    return 0;
}

std::size_t cell_side_for_numbers(MatrixView<const float> cells, const HeatmapStyle& style) {
    return std::max(widest_of(cells, style.scale, *style.font, kComfortable) + 2 * kRoom,
                    5 * kComfortable / 2 + 1);
}

Color ink_on(Color background) {
    const auto linear = [](std::uint8_t sample) {
        const double part = static_cast<double>(sample) / 255;
        return part <= 0.03928 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
    };
    const double luminance = 0.2126 * linear(background.red) + 0.7152 * linear(background.green) +
                             0.0722 * linear(background.blue);
    constexpr double kMiddle = 0.408;
    return luminance > kMiddle ? kInk : kPaper;
}

void add_cell_numbers(Figure& figure, std::size_t x, std::size_t y, MatrixView<const float> cells,
                      const HeatmapStyle& style) {
    const std::size_t size = cell_number_size(cells, style);
    const double largest = largest_of(cells);
    const auto width = static_cast<double>(style.layout.width());
    const auto height = static_cast<double>(style.layout.height());
    // Digits are as high as capital letters, whose middle stands in the middle of the cell.
    constexpr double kHalfDigit = 0.365;  // em
    const double middle_of_digits =
        static_cast<double>(style.font->base_line(size)) - kHalfDigit * style.font->em_size(size);
    for (std::size_t row = 0; row < cells.rows; ++row) {
        for (std::size_t column = 0; column < cells.columns; ++column) {
            const float value = cells.row(row)[column];
            if (is_blank(value)) continue;
            TextLine line;
            line.text = text_of(value, largest, style.scale);
            line.size = size;
            line.x = static_cast<double>(x) + (static_cast<double>(column) + 0.5) * width;
            line.y = static_cast<double>(y) + (static_cast<double>(row) + 0.5) * height -
                     middle_of_digits;
            line.color = ink_on(cell_color(value, style));
            line.anchor = TextAnchor::middle;
            figure.write(std::move(line));
        }
    }
}

}  // namespace attn::render
