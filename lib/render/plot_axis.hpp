// The axes of a plot: how far they reach, and where their ticks stand.
#pragma once

#include <vector>

#include "render/color_scale.hpp"
#include "render/font.hpp"

namespace attn::render {

// A range in which all finite values lie, a little wider than they are; 0…1 without any. A log
// axis, for which only values above 0 count, is given up where those reach over less than a decade.
ColorScale plot_range(const std::vector<double>& values, ScaleKind kind);

// Ticks at the values themselves (ascending), as many as fit side by side on `pixels`: the first
// and the last always, and of the others those whose text of `size` pixels touches no neighbour.
std::vector<Tick> ticks_at(const std::vector<double>& values, const ColorScale& range,
                           std::size_t pixels, const Font& font, std::size_t size);

// "143000", "0.5": as short as it is exact.
std::string plot_number(double value);

}  // namespace attn::render
