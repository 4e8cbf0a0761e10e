// Small charts out of block characters, for terminals.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace attn::render {

// `share` (0…1) of `width` characters, to an eighth of one: "█████▋". Empty for NaN.
std::string bar(double share, std::size_t width);

// Each value (0…1) as one of " ░▒▓█"; "?" for NaN.
std::string shades(const std::vector<double>& values);

// Two rows of values in one line of coloured half blocks, viridis from 0 to 1, for terminals with
// 24-bit colours. `lower` is as long as `upper`, or empty.
std::string colored_halves(const std::vector<double>& upper, const std::vector<double>& lower);

}  // namespace attn::render
