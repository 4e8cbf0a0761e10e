#include "render/blocks.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "render/color_map.hpp"
#include "render/ink.hpp"

namespace attn::render {
namespace {

double limited(double share) {
    return std::clamp(share, 0.0, 1.0);
}

Color color_of(double value) {
    if (std::isnan(value)) return kPaper;
    return color_map("viridis")[color_index(limited(value))];
}

}  // namespace

std::string bar(double share, std::size_t width) {
    static constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    if (std::isnan(share)) return "";
    const auto eighths =
        static_cast<std::size_t>(std::lround(limited(share) * static_cast<double>(width) * 8));
    std::string text;
    for (std::size_t i = 0; i < eighths / 8; ++i) text += "█";
    return text + kEighths[eighths % 8];
}

std::string shades(const std::vector<double>& values) {
    static constexpr const char* kShades[] = {" ", "░", "▒", "▓", "█"};
    std::string text;
    for (const double value : values) {
        if (std::isnan(value))
            text += "?";
        else
            text += kShades[std::min<std::size_t>(4, static_cast<std::size_t>(limited(value) * 5))];
    }
    return text;
}

std::string colored_halves(const std::vector<double>& upper, const std::vector<double>& lower) {
    std::string text;
    for (std::size_t i = 0; i < upper.size(); ++i) {
        text += terminal_color(38, color_of(upper[i]));
        if (!lower.empty()) text += terminal_color(48, color_of(lower[i]));
        text += "▀";
    }
    return text + "\033[0m";
}

}  // namespace attn::render
