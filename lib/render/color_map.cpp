#include "render/color_map.hpp"

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "render/color_map_tables.hpp"

namespace attn::render {
namespace {

ColorMap unpack(const ColorMapTable& table) {
    ColorMap colors;
    for (std::size_t i = 0; i < colors.size(); ++i) {
        const std::uint32_t code = table.colors[i];
        colors[i] = {static_cast<std::uint8_t>(code >> 16), static_cast<std::uint8_t>(code >> 8),
                     static_cast<std::uint8_t>(code)};
    }
    return colors;
}

}  // namespace

const std::vector<std::string>& color_map_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> result;
        for (const ColorMapTable& table : kColorMapTables) result.emplace_back(table.name);
        return result;
    }();
    return names;
}

const ColorMap& color_map(const std::string& name) {
    static const std::vector<ColorMap> maps = [] {
        std::vector<ColorMap> result;
        for (const ColorMapTable& table : kColorMapTables) result.push_back(unpack(table));
        return result;
    }();
    for (std::size_t i = 0; i < maps.size(); ++i) {
        if (kColorMapTables[i].name == name) return maps[i];
    }
    std::string known;
    for (const std::string& candidate : color_map_names())
        known += (known.empty() ? "" : ", ") + candidate;
    fail("unknown colour map ", name,
         did_you_mean(name, color_map_names(), "; there are " + known));
}

}  // namespace attn::render
