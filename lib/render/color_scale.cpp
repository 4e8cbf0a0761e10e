#include "render/color_scale.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "core/error.hpp"
#include "core/nearest.hpp"

namespace attn::render {
namespace {

constexpr double kDecades = 1e-6;  // what a log scale shows below its high end

double step_near(double wish) {
    const double power = std::pow(10.0, std::floor(std::log10(wish)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= wish * (1 - 1e-9)) return factor * power;
    }
    return 10 * power;
}

std::string tick_text(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    return text;
}

// Multiples of a round step. Computed from whole numbers, so that 0.3 is not 0.30000000000000004.
std::vector<Tick> linear_ticks(double low, double high, std::size_t count) {
    std::vector<Tick> result;
    const double step = step_near((high - low) / static_cast<double>(count));
    const double slack = (high - low) * 1e-9;
    for (double n = std::ceil((low - slack) / step); n * step <= high + slack; ++n) {
        const double value = n == 0 ? 0.0 : n * step;
        result.push_back({value, tick_text(value)});
    }
    return result;
}

std::vector<Tick> log_ticks(double low, double high, std::size_t count) {
    std::vector<Tick> result;
    const int first = static_cast<int>(std::ceil(std::log10(low) - 1e-9));
    const int last = static_cast<int>(std::floor(std::log10(high) + 1e-9));
    if (last - first < 1) return linear_ticks(low, high, count);
    const int stride = std::max(1, (last - first + 1) / static_cast<int>(count));
    for (int exponent = last; exponent >= first; exponent -= stride) {
        const double value = std::pow(10.0, exponent);
        result.push_back({value, tick_text(value)});
    }
    std::reverse(result.begin(), result.end());
    return result;
}

}  // namespace

ScaleKind scale_kind(const std::string& name) {
    if (name == "linear") return ScaleKind::linear;
    if (name == "sqrt") return ScaleKind::sqrt;
    if (name == "log") return ScaleKind::log;
    const std::string close = nearest(name, {"linear", "sqrt", "log"});
    fail("unknown colour scale ", name, ": expected linear, sqrt or log",
         close.empty() ? "" : "; did you mean " + close + "?");
}

double ColorScale::position(double value) const {
    if (!(high > low)) return 0;
    double place = 0;
    if (kind == ScaleKind::log) {
        if (!(value > low)) return 0;
        place = std::log(value / low) / std::log(high / low);
    } else {
        place = (value - low) / (high - low);
        if (kind == ScaleKind::sqrt) place = std::sqrt(std::max(0.0, place));
    }
    return std::clamp(place, 0.0, 1.0);
}

ColorScale scale_of(MatrixView<const float> cells, ScaleKind kind) {
    ColorScale scale;
    scale.kind = kind;
    float low = std::numeric_limits<float>::infinity();
    float high = -low;
    float positive = low;
    for (std::size_t row = 0; row < cells.rows; ++row) {
        for (const float value : cells.row(row)) {
            if (!std::isfinite(value)) continue;
            low = std::min(low, value);
            high = std::max(high, value);
            if (value > 0) positive = std::min(positive, value);
        }
    }
    if (!(low <= high)) low = 0, high = 1;
    scale.low = low;
    scale.high = high;
    if (kind == ScaleKind::log) {
        if (!(high > 0)) scale.high = 1;
        scale.low = std::max(static_cast<double>(std::min(positive, high)), scale.high * kDecades);
    }
    if (!(scale.high > scale.low)) {
        // One value everywhere: give it a range to stand in.
        if (kind == ScaleKind::log)
            scale.low = scale.high / 10;
        else if (scale.high > 0)
            scale.low = 0;
        else
            scale.high = scale.low + 1;
    }
    return scale;
}

std::vector<Tick> ticks(const ColorScale& scale, std::size_t count) {
    if (!(scale.high > scale.low)) return {};
    if (scale.kind == ScaleKind::log) return log_ticks(scale.low, scale.high, count);
    return linear_ticks(scale.low, scale.high, count);
}

}  // namespace attn::render
