// From a value to its place on the colour map: the range, and linear, square-root or logarithmic.
#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/span.hpp"

namespace attn::render {

enum class ScaleKind { linear, sqrt, log };

// Throws Error, with the nearest name, for anything but linear, sqrt and log.
ScaleKind scale_kind(const std::string& name);
const char* name_of(ScaleKind kind);

struct ColorScale {
    ScaleKind kind = ScaleKind::linear;
    double low = 0;   // at the start of the colour map; above 0 for log
    double high = 1;  // at its end

    // Where the value lies, 0…1; values outside the range are at its ends.
    double position(double value) const;
};

// Calls visit(value) for the finite cells that say how far colours reach. Those of a row whose only
// weight is 1 do not, as in the first row of a causal matrix: it can be nothing else. Where all
// rows are such, all count. -inf is masked.
template <class Visit>
void visit_range_cells(MatrixView<const float> cells, const Visit& visit) {
    const auto is_lone_one = [](Span<const float> row) {
        constexpr float kNearlyOne = 0.999F;
        std::size_t seen = 0;
        bool one = false;
        for (const float value : row) {
            if (std::isinf(value) && value < 0) continue;
            if (++seen > 1) return false;
            one = value >= kNearlyOne && std::isfinite(value);
        }
        return one;
    };
    bool any = false;
    for (const bool all : {false, true}) {
        if (any) return;
        for (std::size_t row = 0; row < cells.rows; ++row) {
            if (!all && is_lone_one(cells.row(row))) continue;
            for (const float value : cells.row(row)) {
                if (!std::isfinite(value)) continue;
                any = true;
                visit(value);
            }
        }
    }
}

// The range of the cells that say how far colours reach, 0…1 where there are none; `kind` log takes
// the smallest positive value as its low end (at most six decades below the high one). Scores that
// a mask of -1e4 or less was added to have no say where others are far above them.
ColorScale scale_of(MatrixView<const float> cells, ScaleKind kind);

// With the ends that somebody asked for (both: low < high; of log above 0). Where all values lie
// beyond the only one asked for, the other end gives way, so that there is a range to draw.
ColorScale limited(ColorScale scale, const std::optional<double>& low,
                   const std::optional<double>& high);

// One end of the colours as somebody asks for it: a value, or a percentile of the cells.
struct ColorLimit {
    double value = 0;  // of a percentile 0…100
    bool is_percentile = false;
};

// "0.3", or "p99" and "p99.5". Throws Error, which names the flag, for anything else.
ColorLimit color_limit(const std::string& text, const std::string& flag);

// The percentile of the values (not empty), between two of them by their distance.
double percentile(std::vector<float> values, double percent);

// limited() for limits that may be percentiles of the cells that say how far colours reach. A
// percentile that leaves no range (99 of 100 cells are zero) has no say.
ColorScale limited(const ColorScale& scale, const std::optional<ColorLimit>& low,
                   const std::optional<ColorLimit>& high,
                   const std::vector<MatrixView<const float>>& parts);

// Round numbers inside the range for the colour bar, about `count` and never more than 3 * `count`
// of them, with texts that differ. The ends of the range where float64 has no round numbers inside.
struct Tick {
    double value;
    std::string text;
};
std::vector<Tick> ticks(const ColorScale& scale, std::size_t count);

// The two ends of the range: the low one first. As few digits as show them well enough, at least
// three where they have them.
std::vector<Tick> end_ticks(const ColorScale& scale);

}  // namespace attn::render
