#include "render/heatmap.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <sstream>

#include "render/sheet.hpp"
#include "render/terminal.hpp"

using namespace attn::render;

namespace {

const float kMasked = -std::numeric_limits<float>::infinity();

// 4 x 4 cells: 0, 1/15 … 1
struct Example {
    std::vector<float> values;
    HeatmapPanel panel;
    HeatmapStyle style;

    explicit Example(std::size_t rows = 4, std::size_t columns = 4) : values(rows * columns) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            values[i] = static_cast<float>(i) /
                        static_cast<float>(std::max<std::size_t>(1, values.size() - 1));
        }
        panel.cells = {values.data(), rows, columns};
        panel.queries = rows;
        panel.keys = columns;
        panel.title = "layer 0, head 3";
        style.layout.pixels = 10;
    }
};

}  // namespace

TEST_CASE("no weight of any map has the colour of a masked cell") {
    CHECK(masked_color(color_map("viridis")) == kMaskedColor);
    CHECK_FALSE(masked_color(color_map("gray")) == kMaskedColor);
    for (const std::string& name : color_map_names()) {
        INFO(name);
        const Color masked = masked_color(color_map(name));
        for (const Color& color : color_map(name)) {
            const int apart = std::abs(color.red - masked.red) +
                              std::abs(color.green - masked.green) +
                              std::abs(color.blue - masked.blue);
            CHECK(apart >= 30);
        }
    }
}

TEST_CASE("every cell of the labelled picture has the colour of its value") {
    Example example;
    example.panel.query_labels = example.panel.key_labels = {"the", " cat", "Ġsat", "▁on"};
    example.values[5] = kMasked;
    example.values[6] = std::nanf("");
    const HeatmapGeometry at = measure_heatmap(example.panel, example.style);
    const Image image = rasterize(make_heatmap(example.panel, example.style), *example.style.font);
    CHECK(image.width() == at.width);
    CHECK(image.height() == at.height);
    for (std::size_t row = 0; row < 4; ++row) {
        for (std::size_t column = 0; column < 4; ++column) {
            const std::size_t i = row * 4 + column;
            const Color expected =
                i == 5 ? kMaskedColor
                : i == 6
                    ? kNotANumberColor
                    : color_map("viridis")[std::min<std::size_t>(
                          255,
                          static_cast<std::size_t>(256 * static_cast<double>(example.values[i])))];
            CHECK(image.at(at.left + column * 10, at.top + row * 10) == expected);
            CHECK(image.at(at.left + column * 10 + 9, at.top + row * 10 + 9) == expected);
        }
    }
}

TEST_CASE("plain pictures are the cells and nothing else") {
    Example example;
    example.style.layout.pixels = 1;
    const Image image = color_cells(example.panel.cells, example.style);
    CHECK(image.width() == 4);
    CHECK(image.height() == 4);
    CHECK(image.at(0, 0) == color_map("viridis")[0]);
    CHECK(image.at(3, 3) == color_map("viridis")[255]);
}

TEST_CASE("any shape can be drawn, and long titles fit") {
    for (const auto& [rows, columns] :
         {std::pair<std::size_t, std::size_t>{1, 1}, {1, 500}, {500, 1}, {2, 3}}) {
        Example example(rows, columns);
        example.style.layout.pixels = 2;
        example.panel.title = "a title that is much longer than the matrix is wide";
        example.panel.note = "each cell is the max of 2 × 2";
        const Image image =
            rasterize(make_heatmap(example.panel, example.style), *example.style.font);
        CHECK(image.width() >= Font::embedded().width(example.panel.title, 16));
        CHECK(image.height() >= rows * 2);
    }
}

TEST_CASE("the paper around the cells is white, the corners too") {
    Example example;
    const Image image = rasterize(make_heatmap(example.panel, example.style), *example.style.font);
    const Color white{255, 255, 255};
    CHECK(image.at(0, 0) == white);
    CHECK(image.at(image.width() - 1, 0) == white);
    CHECK(image.at(0, image.height() - 1) == white);
    CHECK(image.at(image.width() - 1, image.height() - 1) == white);
}

TEST_CASE("a sheet shows every panel") {
    Example example;
    Sheet sheet;
    sheet.title = "layer 0";
    sheet.columns = 3;
    sheet.row_titles = {"layer 0", "layer 1"};
    for (int i = 0; i < 5; ++i) sheet.panels.push_back(example.panel);
    const Image image = rasterize(make_sheet(sheet, example.style), *example.style.font);
    // The last cell of a panel is the only thing in the picture with the last colour, but for the
    // colour bar.
    const Color last = color_map("viridis")[255];
    std::size_t corners = 0;
    for (std::size_t y = 10; y < image.height(); ++y) {
        for (std::size_t x = 10; x < image.width(); ++x) {
            if (image.at(x, y) == last && image.at(x - 9, y - 9) == last &&
                !(image.at(x - 10, y) == last))
                ++corners;
        }
    }
    CHECK(corners >= 5);
}

TEST_CASE("a sheet of one panel and one of 144 can be drawn") {
    Example example;
    example.style.layout.pixels = 1;
    Sheet sheet;
    sheet.panels = {example.panel};
    CHECK(rasterize(make_sheet(sheet, example.style), *example.style.font).width() > 4);
    sheet.columns = 12;
    sheet.panels.assign(144, example.panel);
    CHECK(rasterize(make_sheet(sheet, example.style), *example.style.font).height() > 12 * 4);
}

TEST_CASE("the picture as text has a line a query, or one for two in colour") {
    Example example;
    example.panel.query_labels = {"the", "cat", "sat", "on"};
    example.values[3] = kMasked;
    const std::string text = draw_terminal(example.panel, example.style, 80, false);
    CHECK(std::count(text.begin(), text.end(), '\n') ==
          8);  // with the keys and what the mark means
    CHECK_THAT(text, Catch::Contains("cat") && Catch::Contains("█") && Catch::Contains("·"));
    const std::string color = draw_terminal(example.panel, example.style, 80, true);
    CHECK(std::count(color.begin(), color.end(), '\n') == 6);
    CHECK_THAT(color, Catch::Contains("\033[38;2;"));
}

TEST_CASE("the picture as text has the numbers of keys below their columns") {
    Example example(4, 40);
    std::istringstream lines(draw_terminal(example.panel, example.style, 80, false));
    std::string line;
    for (int i = 0; i < 6; ++i) std::getline(lines, line);
    CHECK(line == "          0    5    10   15   20   25   30   35");
    Example large(4, 1000);
    const std::string text = draw_terminal(large.panel, large.style, 60, false);
    CHECK_THAT(text, Catch::Contains("          0    100  200  300  400"));
}

TEST_CASE("text is never wider than the terminal") {
    Example example(300, 300);
    for (const std::size_t columns : {20, 80, 200}) {
        std::istringstream lines(draw_terminal(example.panel, example.style, columns, false));
        std::string line;
        std::getline(lines, line);  // the title
        const std::size_t rows = (300 + (columns - 10) - 1) / (columns - 10);
        for (std::size_t row = 0; row <= 300 / rows; ++row) {  // and the line of keys
            std::getline(lines, line);
            const auto characters =
                std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; });
            CHECK(characters <= static_cast<long>(columns));
        }
    }
}
