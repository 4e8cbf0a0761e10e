#include "render/palette.hpp"

#include "render/color_map.hpp"

namespace attn::render {

std::vector<Color> line_colors(std::size_t count) {
    const std::vector<Color> few{{0, 114, 178},   {230, 159, 0},  {0, 158, 115},
                                 {204, 121, 167}, {86, 180, 233}, {140, 110, 60}};
    if (count <= few.size()) return {few.begin(), few.begin() + static_cast<std::ptrdiff_t>(count)};
    constexpr std::size_t kLightest = 235;  // the last entries are too pale for thin lines
    const ColorMap& map = color_map("cividis");
    std::vector<Color> colors;
    for (std::size_t line = 0; line < count; ++line)
        colors.push_back(map[line * kLightest / (count - 1)]);
    return colors;
}

}  // namespace attn::render
