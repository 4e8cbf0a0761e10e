#include "render/color_scale.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/numbers.hpp"

namespace attn::render {
namespace {

constexpr float kNear = 0.95F;
constexpr double kDecades = 1e-6;    // what a log scale shows below its high end
constexpr float kAddedMask = -5000;  // masks are added to scores as -1e4, -1e9, -3.4e38
constexpr float kLowScore = -500;    // what scores themselves hardly reach

// The lowest of the cells without those that an added mask forbids, where there is a gap between
// the two; `low` is the lowest of all.
float lowest_unmasked(MatrixView<const float> cells, float low) {
    float lowest = std::numeric_limits<float>::infinity();
    if (low > kAddedMask) return low;
    visit_range_cells(cells, [&](float value) {
        if (value > kAddedMask) lowest = std::min(lowest, value);
    });
    return lowest > kLowScore && std::isfinite(lowest) ? lowest : low;
}

double step_near(double wish) {
    const double power = std::pow(10.0, std::floor(std::log10(wish)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= wish * (1 - 1e-9)) return factor * power;
    }
    return 10 * power;
}

std::string tick_text(double value, int digits) {
    char text[32];
    std::snprintf(text, sizeof text, "%.*g", digits, value == 0 ? 0.0 : value);
    return text;
}

// Significant digits that tell two numbers apart which are `step` away from each other.
int digits_for(double largest, double step) {
    return std::clamp(static_cast<int>(std::ceil(std::log10(largest / step))) + 1, 6, 17);
}

// Where no round number can be told from its neighbours: the ends themselves.
std::vector<Tick> exact_ends(double low, double high) {
    constexpr int kAllDigits = 17;
    return {{low, tick_text(low, kAllDigits)}, {high, tick_text(high, kAllDigits)}};
}

// Multiples of a round step. Computed from whole numbers, so that 0.3 is not 0.30000000000000004.
std::vector<Tick> linear_ticks(double low, double high, std::size_t count) {
    const auto parts = static_cast<double>(count);
    const double step = step_near(high / parts - low / parts);
    const double slack = high * 1e-9 - low * 1e-9;
    const double first = std::ceil((low - slack) / step);
    const double last = std::floor((high + slack) / step);
    constexpr double kExact = 0x1p50;  // up to here n and n + 1 differ, and so do their products
    const bool told_apart = step >= std::numeric_limits<double>::min() &&
                            std::abs(first) < kExact && std::abs(last) < kExact;
    if (!told_apart) return exact_ends(low, high);
    std::vector<Tick> result;
    const int digits = digits_for(std::max(std::abs(low), std::abs(high)), step);
    for (double n = first; n <= last; ++n)
        result.push_back({n * step, tick_text(n * step, digits)});
    return result;
}

std::vector<Tick> log_ticks(double low, double high, std::size_t count) {
    const int first = static_cast<int>(std::ceil(std::log10(low) - 1e-9));
    const int last = static_cast<int>(std::floor(std::log10(high) + 1e-9));
    if (last - first < 1) return linear_ticks(low, high, count);
    std::vector<Tick> result;
    const int stride = std::max(1, (last - first + 1) / static_cast<int>(count));
    for (int exponent = last; exponent >= first; exponent -= stride) {
        const double value = std::pow(10.0, exponent);
        result.push_back({value, tick_text(value, 6)});
    }
    std::reverse(result.begin(), result.end());
    return result;
}

}  // namespace

ScaleKind scale_kind(const std::string& name) {
    if (name == "linear") return ScaleKind::linear;
    if (name == "sqrt") return ScaleKind::sqrt;
    if (name == "log") return ScaleKind::log;
    fail("unknown colour scale ", name, ": expected linear, sqrt or log",
         did_you_mean(name, {"linear", "sqrt", "log"}));
}

const char* name_of(ScaleKind kind) {
    return kind == ScaleKind::log ? "log" : kind == ScaleKind::sqrt ? "sqrt" : "linear";
}

double ColorScale::position(double value) const {
    if (!(high > low) || !(value > low)) return 0;
    if (value >= high) return 1;
    if (kind == ScaleKind::log) {
        const double span = std::log(high) - std::log(low);
        return span > 0 ? std::clamp((std::log(value) - std::log(low)) / span, 0.0, 1.0) : 0;
    }
    // The difference of two float64 may be more than float64 holds, that of their halves is not.
    const bool wide = !std::isfinite(high - low);
    const double place =
        wide ? (value / 2 - low / 2) / (high / 2 - low / 2) : (value - low) / (high - low);
    return std::clamp(kind == ScaleKind::sqrt ? std::sqrt(place) : place, 0.0, 1.0);
}

ColorScale scale_of(MatrixView<const float> cells, ScaleKind kind) {
    ColorScale scale;
    scale.kind = kind;
    float low = std::numeric_limits<float>::infinity();
    float high = -low;
    float positive = low;
    visit_range_cells(cells, [&](float value) {
        low = std::min(low, value);
        high = std::max(high, value);
        if (value > 0) positive = std::min(positive, value);
    });
    // Where the others come near to a lone 1, leaving it out would save no colour.
    float largest = high;
    for (std::size_t row = 0; row < cells.rows; ++row) {
        for (const float value : cells.row(row))
            if (std::isfinite(value)) largest = std::max(largest, value);
    }
    if (high >= kNear * largest) high = largest;
    if (!(low <= high)) low = 0, high = 1;
    low = lowest_unmasked(cells, low);
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

ColorScale limited(ColorScale scale, const std::optional<double>& low,
                   const std::optional<double>& high) {
    if (low) scale.low = *low;
    if (high) scale.high = *high;
    if (scale.high > scale.low) return scale;
    const bool log = scale.kind == ScaleKind::log;
    if (low)
        scale.high = log ? scale.low * 10 : scale.low + std::max(1.0, std::abs(scale.low));
    else
        scale.low = log ? scale.high / 10 : scale.high - std::max(1.0, std::abs(scale.high));
    return scale;
}

ColorLimit color_limit(const std::string& text, const std::string& flag) {
    const bool is_percentile = !text.empty() && text[0] == 'p';
    const RealRange range = is_percentile ? RealRange::between(0, 100) : RealRange::any();
    const std::optional<double> value = real_of(is_percentile ? text.substr(1) : text);
    if (!value || !range.contains(*value)) {
        const std::string number = is_percentile ? "" : RealRange::any().words() + ", or ";
        fail(flag, " ", quoted(text), ": expected ", number,
             "a percentile from p0 to p100 such as p99");
    }
    return {*value, is_percentile};
}

double percentile(std::vector<float> values, double percent) {
    assert(!values.empty());
    const double place = percent / 100 * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::ptrdiff_t>(place);
    std::nth_element(values.begin(), values.begin() + below, values.end());
    const auto low = static_cast<double>(values[static_cast<std::size_t>(below)]);
    if (values.begin() + below + 1 == values.end()) return low;
    const auto high =
        static_cast<double>(*std::min_element(values.begin() + below + 1, values.end()));
    return low + (high - low) * (place - static_cast<double>(below));
}

ColorScale limited(const ColorScale& scale, const std::optional<ColorLimit>& low,
                   const std::optional<ColorLimit>& high,
                   const std::vector<MatrixView<const float>>& parts) {
    std::vector<float> values;
    if ((low && low->is_percentile) || (high && high->is_percentile)) {
        for (const MatrixView<const float>& cells : parts)
            visit_range_cells(cells, [&](float value) { values.push_back(value); });
    }
    const auto resolve = [&](const std::optional<ColorLimit>& limit) -> std::optional<double> {
        if (!limit) return std::nullopt;
        if (!limit->is_percentile) return limit->value;
        if (values.empty()) return std::nullopt;
        const double value = percentile(values, limit->value);
        if (scale.kind == ScaleKind::log && !(value > 0)) return std::nullopt;
        return value;
    };
    std::optional<double> from = resolve(low);
    std::optional<double> to = resolve(high);
    if (!(from.value_or(scale.low) < to.value_or(scale.high))) {
        if (low && low->is_percentile) from.reset();
        if (high && high->is_percentile) to.reset();
    }
    return limited(scale, from, to);
}

std::vector<Tick> end_ticks(const ColorScale& scale) {
    const double slack = (scale.high / 2 - scale.low / 2) * 0.01;
    const auto is_near = [&](const std::string& text, double value) {
        const double shown = std::strtod(text.c_str(), nullptr);
        if (scale.kind == ScaleKind::log) return std::abs(shown - value) <= value * 0.01;
        return std::abs(shown / 2 - value / 2) <= slack;
    };
    for (int digits = 3;; ++digits) {
        const std::string low = tick_text(scale.low, digits);
        const std::string high = tick_text(scale.high, digits);
        const bool good = low != high && is_near(low, scale.low) && is_near(high, scale.high);
        if (good || digits == 17) return {{scale.low, low}, {scale.high, high}};
    }
}

std::vector<Tick> ticks(const ColorScale& scale, std::size_t count) {
    assert(count > 0);
    if (!(scale.high > scale.low)) return {};
    if (scale.kind != ScaleKind::log) return linear_ticks(scale.low, scale.high, count);
    assert(scale.low > 0);
    return log_ticks(scale.low, scale.high, count);
}

}  // namespace attn::render
