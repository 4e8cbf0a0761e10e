// From a value to its place on the colour map: the range, and linear, square-root or logarithmic.
#pragma once

#include <string>
#include <vector>

#include "core/span.hpp"

namespace attn::render {

enum class ScaleKind { linear, sqrt, log };

// Throws Error, with the nearest name, for anything but linear, sqrt and log.
ScaleKind scale_kind(const std::string& name);

struct ColorScale {
    ScaleKind kind = ScaleKind::linear;
    double low = 0;   // at the start of the colour map
    double high = 1;  // at its end

    // Where the value lies, 0…1; values outside the range are at its ends.
    double position(double value) const;
};

// The range of the finite values of the cells, 0…1 where there are none; `kind` log takes the
// smallest positive value as its low end (at most six decades below the high one).
ColorScale scale_of(MatrixView<const float> cells, ScaleKind kind);

// Round numbers inside the range for the colour bar, about `count` of them, with their texts.
struct Tick {
    double value;
    std::string text;
};
std::vector<Tick> ticks(const ColorScale& scale, std::size_t count);

}  // namespace attn::render
