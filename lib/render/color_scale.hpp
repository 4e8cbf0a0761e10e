// From a value to its place on the colour map: the range, and linear, square-root or logarithmic.
#pragma once

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

// The range of the finite values of the cells, 0…1 where there are none; `kind` log takes the
// smallest positive value as its low end (at most six decades below the high one).
ColorScale scale_of(MatrixView<const float> cells, ScaleKind kind);

// With the ends that somebody asked for (both: low < high; of log above 0). Where all values lie
// beyond the only one asked for, the other end gives way, so that there is a range to draw.
ColorScale limited(ColorScale scale, const std::optional<double>& low,
                   const std::optional<double>& high);

// Round numbers inside the range for the colour bar, about `count` and never more than 3 * `count`
// of them, with texts that differ. The ends of the range where float64 has no round numbers inside.
struct Tick {
    double value;
    std::string text;
};
std::vector<Tick> ticks(const ColorScale& scale, std::size_t count);

}  // namespace attn::render
