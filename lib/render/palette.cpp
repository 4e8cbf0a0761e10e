#include "render/palette.hpp"

#include "render/color_map.hpp"

namespace attn::render {
namespace {

const std::vector<Color> kFew{{0, 114, 178},   {230, 159, 0},  {0, 158, 115},
                              {204, 121, 167}, {86, 180, 233}, {140, 110, 60}};

}  // namespace

std::vector<Color> distinct_colors(std::size_t count) {
    std::vector<Color> all = kFew;
    const std::vector<Color> more{{30, 30, 30},  {110, 60, 170}, {120, 140, 0},
                                  {130, 20, 50}, {0, 85, 95},    {240, 90, 150}};
    all.insert(all.end(), more.begin(), more.end());
    std::vector<Color> colors;
    for (std::size_t i = 0; i < count; ++i) colors.push_back(all[i % all.size()]);
    return colors;
}

std::vector<Color> line_colors(std::size_t count) {
    if (count <= kFew.size())
        return {kFew.begin(), kFew.begin() + static_cast<std::ptrdiff_t>(count)};
    constexpr std::size_t kLightest = 235;  // the last entries are too pale for thin lines
    const ColorMap& map = color_map("cividis");
    std::vector<Color> colors;
    for (std::size_t line = 0; line < count; ++line)
        colors.push_back(map[line * kLightest / (count - 1)]);
    return colors;
}

}  // namespace attn::render
