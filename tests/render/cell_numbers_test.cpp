#include "render/cell_numbers.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

using namespace attn::render;

TEST_CASE("all numbers of a matrix have the digits that its largest one needs") {
    CHECK(cell_number(0.254, 1) == "0.25");
    CHECK(cell_number(0, 1) == "0.00");
    CHECK(cell_number(-0.001, 1) == "0.00");
    CHECK(cell_number(12.34, 50) == "12.3");
    CHECK(cell_number(123.4, 500) == "123");
    CHECK(cell_number(0.0123, 0.05) == "0.012");
    CHECK(cell_number(2e-6, 3e-6) == "2e-06");
    CHECK(cell_number(std::nan(""), 1) == "nan");
    CHECK(cell_number(std::numeric_limits<double>::infinity(), 1) == "inf");
}

TEST_CASE("text is dark on light colours and light on dark ones") {
    const Color dark = ink_on({255, 255, 255});
    const Color light = ink_on({0, 0, 0});
    CHECK(dark.red < 64);
    CHECK(light.red > 192);
    CHECK(ink_on(color_map("viridis")[255]) == dark);
    CHECK(ink_on(color_map("viridis")[0]) == light);
}

TEST_CASE("numbers are written where the cells have room, and not where they have none") {
    const std::vector<float> values{0.25F, -std::numeric_limits<float>::infinity(), 0.5F, 1};
    const attn::MatrixView<const float> cells{values.data(), 2, 2};
    HeatmapStyle style;
    style.layout.pixels = 10;
    CHECK(cell_number_size(cells, style) == 0);
    style.layout.pixels = cell_side_for_numbers(cells, style);
    CHECK(cell_number_size(cells, style) > 0);

    Figure figure{100, 100, {}};
    add_cell_numbers(figure, 0, 0, cells, style);
    std::vector<std::string> texts;
    for (const Shape& shape : figure.shapes) texts.push_back(std::get<TextLine>(shape).text);
    CHECK(texts == std::vector<std::string>{"0.25", "0.50", "1.00"});  // masked cells are empty
}

TEST_CASE("on a logarithmic scale small numbers keep their digits beside large ones") {
    const std::vector<float> values{0.137F, 199, 28.26F, 0.0012F};
    const attn::MatrixView<const float> cells{values.data(), 2, 2};
    HeatmapStyle style;
    style.scale = {ScaleKind::log, 1e-3, 200};
    style.layout.pixels = cell_side_for_numbers(cells, style);
    Figure figure{200, 200, {}};
    add_cell_numbers(figure, 0, 0, cells, style);
    std::vector<std::string> texts;
    for (const Shape& shape : figure.shapes) texts.push_back(std::get<TextLine>(shape).text);
    CHECK(texts == std::vector<std::string>{"0.14", "199", "28.3", "0.0012"});
}
