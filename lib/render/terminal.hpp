// A heatmap as text for a terminal.
#pragma once

#include <cstddef>
#include <string>

#include "render/heatmap.hpp"

namespace attn::render {

// The panel with its labels, at most `columns` characters wide, '\n' after every line. With `color`
// two cells share a character in 24-bit ANSI colours; without, a cell is one of " ░▒▓█".
std::string draw_terminal(const HeatmapPanel& panel, const HeatmapStyle& style, std::size_t columns,
                          bool color);

}  // namespace attn::render
