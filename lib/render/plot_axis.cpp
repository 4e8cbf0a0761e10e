#include "render/plot_axis.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

namespace attn::render {
namespace {

constexpr double kEdge = 0.04;  // of the range, free beyond the outermost values

ColorScale log_range(double low, double high) {
    const double margin = std::pow(high / low, kEdge);
    return {ScaleKind::log, low / margin, high * margin};
}

}  // namespace

ColorScale plot_range(const std::vector<double>& values, ScaleKind kind) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const double value : values) {
        if (!std::isfinite(value) || (kind == ScaleKind::log && value <= 0)) continue;
        low = std::min(low, value);
        high = std::max(high, value);
    }
    if (!(low <= high)) return {ScaleKind::linear, 0, 1};
    if (kind == ScaleKind::log) {
        if (high / low >= 10 && std::isfinite(high / low)) return log_range(low, high);
        return plot_range(values, ScaleKind::linear);
    }
    if (low == high) {
        const double half = low == 0 ? 0.5 : std::abs(low) / 2;
        return {ScaleKind::linear, low - half, high + half};
    }
    const double margin = high * kEdge - low * kEdge;
    return {ScaleKind::linear, low - margin, high + margin};
}

std::vector<Tick> ticks_at(const std::vector<double>& values, const ColorScale& range,
                           std::size_t pixels, const Font& font, std::size_t size) {
    struct Place {
        double from, to;
    };
    const auto place_of = [&](double value) {
        const double centre = range.position(value) * static_cast<double>(pixels);
        const std::size_t apart = size / 2;
        const auto half = static_cast<double>(font.width(plot_number(value), size) + apart) / 2;
        return Place{centre - half, centre + half};
    };
    std::vector<Tick> ticks;
    if (values.empty()) return ticks;
    const Place last = place_of(values.back());
    double free_from = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i + 1 < values.size(); ++i) {
        const Place own = place_of(values[i]);
        if (own.from < free_from || (i > 0 && own.to > last.from)) continue;
        ticks.push_back({values[i], plot_number(values[i])});
        free_from = own.to;
    }
    if (last.from >= free_from || ticks.size() == 1)
        ticks.push_back({values.back(), plot_number(values.back())});
    return ticks;
}

std::string plot_number(double value) {
    char text[32];
    for (const int digits : {6, 9, 12, 17}) {
        std::snprintf(text, sizeof text, "%.*g", digits, value);
        if (std::strtod(text, nullptr) == value) break;
    }
    if (std::abs(value) < 1e15 && value == std::floor(value))
        std::snprintf(text, sizeof text, "%.0f", value);
    return text;
}

}  // namespace attn::render
