#include "render/legend.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "support/shapes.hpp"

using namespace attn::render;
using namespace attn::test;

namespace {

const float kInf = std::numeric_limits<float>::infinity();

std::vector<std::string> texts(const std::vector<float>& values, const HeatmapStyle& style,
                               const std::string& left_out = "") {
    HeatmapPanel panel;
    panel.cells = {values.data(), 1, values.size()};
    panel.left_out = left_out;
    SpecialCells special;
    special.add(panel, style.scale);
    std::vector<std::string> result;
    for (const LegendEntry& entry : make_legend(special, style)) result.push_back(entry.text);
    return result;
}

}  // namespace

TEST_CASE("the legend counts what lies outside of the range, as float32") {
    using Texts = std::vector<std::string>;
    HeatmapStyle style;
    style.scale = {ScaleKind::linear, 0.1, 0.3};
    CHECK(texts({0.1F, 0.2F, 0.3F}, style).empty());
    CHECK(texts({0.4F, 0.2F, kInf, 0.31F}, style) == Texts{"3 cells above 0.3"});
    CHECK(texts({0.4F, 0.05F}, style) == Texts{"1 cell above 0.3", "1 cell below 0.1"});
    CHECK(texts({-kInf, std::nanf("")}, style) == Texts{"masked", "NaN"});
    CHECK(texts({0.2F}, style, "key 0") == Texts{"key 0 left out of the range"});
}

TEST_CASE("the end that cells lie outside of is not rounded past them") {
    using Texts = std::vector<std::string>;
    HeatmapStyle style;
    style.scale = {ScaleKind::linear, 0.10003, 0.99986};
    CHECK(texts({1.0F}, style) == Texts{"1 cell above 0.99986"});
    CHECK(texts({0.1F}, style) == Texts{"1 cell below 0.10003"});
    style.scale = {ScaleKind::linear, 0.0998, 0.924};
    CHECK(texts({0.95F, 0.09F}, style) == Texts{"1 cell above 0.924", "1 cell below 0.0998"});
}

TEST_CASE("the key without a say is hatched in picture and legend, on every cell of its column") {
    const std::vector<float> values{1, 0.1F, 0.9F, 0.2F};
    HeatmapPanel panel;
    panel.cells = {values.data(), 2, 2};
    panel.queries = panel.keys = 2;
    HeatmapStyle style;
    style.layout.pixels = 20;
    const auto polygons = [&] { return shapes_of<FilledPolygon>(make_heatmap(panel, style)); };
    CHECK(polygons().empty());
    panel.left_out = "key 0";
    const HeatmapGeometry at = measure_heatmap(panel, style);
    std::size_t over_first = 0;
    for (const FilledPolygon& line : polygons()) {
        bool inside = true;
        for (const Point& corner : line.corners) {
            inside &= corner.x >= static_cast<double>(at.left) &&
                      corner.x <= static_cast<double>(at.left + 20) &&
                      corner.y >= static_cast<double>(at.top) &&
                      corner.y <= static_cast<double>(at.top + 40);
        }
        over_first += inside ? 1 : 0;
    }
    CHECK(over_first >= 12);  // dark and light ones
    CHECK(lines_of(make_heatmap(panel, style), "key 0 left out of the range").size() == 1);
}

TEST_CASE("the picture is wide and high enough for its legend") {
    const std::vector<float> values{5};
    HeatmapPanel panel;
    panel.cells = {values.data(), 1, 1};
    panel.queries = panel.keys = 1;
    panel.left_out = "keys 0 to 12345";
    HeatmapStyle style;
    const Figure figure = make_heatmap(panel, style);
    for (const TextLine& line : shapes_of<TextLine>(figure)) {
        if (line.direction == TextDirection::up) continue;
        INFO(line.text);
        if (line.anchor == TextAnchor::start)
            CHECK(line.x + static_cast<double>(style.font->width(line.text, line.size)) <=
                  static_cast<double>(figure.width));
        CHECK(line.y + static_cast<double>(line.size) <= static_cast<double>(figure.height));
    }
}
