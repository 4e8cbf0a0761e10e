#include "render/color_bar.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "support/shapes.hpp"

using namespace attn::render;
using namespace attn::test;

namespace {

Figure bar_of(const ColorScale& scale, const ColorBar& bar) {
    HeatmapStyle style;
    style.scale = scale;
    Figure figure{400, 700, {}};
    add_color_bar(figure, style, bar, 20, 50);
    return figure;
}

std::vector<TextLine> numbers_of(const Figure& figure) {
    std::vector<TextLine> numbers;
    for (const TextLine& line : shapes_of<TextLine>(figure)) {
        if (line.text != HeatmapStyle().value_name) numbers.push_back(line);
    }
    return numbers;
}

}  // namespace

TEST_CASE("the ends of every colour bar carry numbers, and no two numbers touch") {
    for (const ScaleKind kind : {ScaleKind::linear, ScaleKind::sqrt, ScaleKind::log}) {
        for (const double high : {1.0, 0.8923, 0.3, 7.77e-5, 123456.0}) {
            for (const std::size_t height : {1, 12, 28, 56, 120, 300, 600}) {
                const Figure figure = bar_of({kind, high / 1234, high}, {12, height, true, true});
                INFO(name_of(kind) << " to " << high << ", " << height << " pixels");
                const std::vector<TextLine> numbers = numbers_of(figure);
                REQUIRE(numbers.size() >= 2);
                CHECK(std::stod(numbers[0].text) == Approx(high).epsilon(0.01));
                CHECK(std::stod(numbers[1].text) == Approx(high / 1234).margin(high * 0.01));
                for (std::size_t i = 0; i < numbers.size(); ++i) {
                    for (std::size_t j = 0; j < i; ++j) {
                        CHECK(std::abs(numbers[i].y - numbers[j].y) >= 12);
                        CHECK(numbers[i].text != numbers[j].text);
                    }
                }
            }
        }
    }
}

TEST_CASE("a colour bar is as high as it was told, arrows included") {
    for (const std::size_t height : {1, 5, 28, 120, 600}) {
        for (const auto& [below, above] : {std::pair{false, false}, {true, false}, {true, true}}) {
            const Figure figure = bar_of({}, {12, height, below, above});
            for (const CellBlock& block : shapes_of<CellBlock>(figure)) {
                CHECK(block.y >= 50);
                CHECK(block.y + block.cells.height() <= 50 + height);
            }
            for (const FilledPolygon& arrow : shapes_of<FilledPolygon>(figure)) {
                for (const Point& corner : arrow.corners) {
                    CHECK(corner.y >= 49);
                    CHECK(corner.y <= 51 + static_cast<double>(height));
                }
            }
        }
    }
}

TEST_CASE("the ends of the colour bar are arrows where values lie beyond them") {
    CHECK(shapes_of<FilledPolygon>(bar_of({}, {12, 200, false, false})).empty());
    const auto above = shapes_of<FilledPolygon>(bar_of({}, {12, 200, false, true}));
    REQUIRE(above.size() == 2);  // its outline and itself
    CHECK(above[1].color == color_map("viridis").back());
    CHECK(above[0].corners[2].y == 50);
    const auto below = shapes_of<FilledPolygon>(bar_of({}, {12, 200, true, false}));
    REQUIRE(below.size() == 2);
    CHECK(below[1].color == color_map("viridis").front());
    CHECK(below[0].corners[2].y == 250);
}

TEST_CASE("the texts of the bar end where its width says") {
    for (const std::size_t height : {12, 400}) {
        const ColorBar bar{12, height, false, false};
        HeatmapStyle style;
        for (const TextLine& line : shapes_of<TextLine>(bar_of({}, bar))) {
            const std::size_t wide = line.direction == TextDirection::up
                                         ? line.size
                                         : style.font->width(line.text, line.size);
            CHECK(line.x + static_cast<double>(wide) <=
                  20.0 + static_cast<double>(color_bar_width(style, bar)));
        }
    }
}
