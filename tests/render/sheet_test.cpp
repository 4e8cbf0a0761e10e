#include "render/sheet.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "support/shapes.hpp"

using namespace attn::render;
using namespace attn::test;

namespace {

// Panels of rising values under their titles.
struct Example {
    std::vector<float> values;
    Sheet sheet;
    HeatmapStyle style;

    Example(std::size_t across, std::size_t down, std::size_t queries, std::size_t keys,
            std::size_t pixels)
        : values(queries * keys) {
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = static_cast<float>(i) / static_cast<float>(values.size());
        style.layout.pixels = pixels;
        sheet.title = "every layer and head";
        sheet.columns = across;
        HeatmapPanel panel;
        panel.cells = {values.data(), queries, keys};
        panel.queries = queries;
        panel.keys = keys;
        sheet.panels.assign(across * down, panel);
        for (std::size_t i = 0; i < across; ++i)
            sheet.column_titles.push_back("head " + std::to_string(i));
        for (std::size_t i = 0; i < down; ++i)
            sheet.row_titles.push_back("layer " + std::to_string(i));
    }

    Figure figure() const { return make_sheet(sheet, style); }
};

std::vector<CellBlock> panels_of(const Figure& figure) {
    std::vector<CellBlock> panels;
    for (const CellBlock& block : shapes_of<CellBlock>(figure)) {
        if (block.cell_width == block.cell_height) panels.push_back(block);
    }
    return panels;
}

// The upper edges of the colour bars.
std::vector<std::size_t> bars_of(const Figure& figure) {
    std::vector<std::size_t> tops;
    for (const CellBlock& block : shapes_of<CellBlock>(figure)) {
        if (block.cell_width != block.cell_height) tops.push_back(block.y);
    }
    return tops;
}

}  // namespace

TEST_CASE("titles of columns and rows stand once, above and left of their panels") {
    const Figure figure = Example(4, 6, 3, 3, 20).figure();
    const std::vector<CellBlock> panels = panels_of(figure);
    REQUIRE(panels.size() == 24);
    for (std::size_t head = 0; head < 4; ++head) {
        const auto titles = lines_of(figure, "head " + std::to_string(head));
        REQUIRE(titles.size() == 1);
        CHECK(titles[0].x == static_cast<double>(panels[head].x));
        CHECK(titles[0].y < static_cast<double>(panels[0].y));
    }
    for (std::size_t layer = 0; layer < 6; ++layer) {
        const auto titles = lines_of(figure, "layer " + std::to_string(layer));
        REQUIRE(titles.size() == 1);
        CHECK(titles[0].y == static_cast<double>(panels[layer * 4].y + 30));
        CHECK(titles[0].x < static_cast<double>(panels[0].x));
    }
}

TEST_CASE("titles that are wider than a panel become their numbers") {
    const Figure figure = Example(4, 6, 2, 2, 5).figure();
    CHECK(lines_of(figure, "head 3").empty());
    CHECK(lines_of(figure, "layer 5").empty());
    CHECK(lines_of(figure, "5").size() == 1);
}

TEST_CASE("panels of every shape stand in an even grid without holes") {
    for (const auto& [queries, keys] :
         {std::pair<std::size_t, std::size_t>{2, 2}, {1, 1}, {5, 40}, {40, 5}}) {
        const std::vector<CellBlock> panels = panels_of(Example(4, 3, queries, keys, 8).figure());
        REQUIRE(panels.size() == 12);
        for (std::size_t i = 0; i < 12; ++i) {
            CHECK(panels[i].x == panels[0].x + i % 4 * (keys * 8 + 14));
            CHECK(panels[i].y == panels[0].y + i / 4 * (queries * 8 + 14));
        }
    }
}

TEST_CASE("the colour bar stands on every page of a high sheet, each time with its numbers") {
    const Figure high = Example(4, 48, 20, 20, 10).figure();
    const std::vector<std::size_t> bars = bars_of(high);
    REQUIRE(bars.size() >= 8);
    for (std::size_t i = 1; i < bars.size(); ++i) CHECK(bars[i] - bars[i - 1] <= 1100);
    CHECK(high.height - bars.back() <= 2000);
    CHECK(lines_of(high, "attention weight").size() == bars.size());
    CHECK(bars_of(Example(4, 3, 20, 20, 10).figure()).size() == 1);
}

TEST_CASE("the axes of a sheet are named as those of a single picture") {
    const Figure figure = Example(2, 2, 5, 5, 20).figure();
    const Figure one = make_heatmap(Example(2, 2, 5, 5, 20).sheet.panels[0], {});
    for (const char* const name : {"query", "key"}) {
        REQUIRE(lines_of(figure, name).size() == 1);
        CHECK(lines_of(figure, name)[0].color == lines_of(one, name)[0].color);
        CHECK(lines_of(figure, name)[0].direction == lines_of(one, name)[0].direction);
    }
}

TEST_CASE("all texts of a sheet lie inside of it") {
    for (const std::size_t pixels : {1, 5, 30}) {
        const Example example(3, 2, 2, 2, pixels);
        const Figure figure = example.figure();
        for (const TextLine& line : shapes_of<TextLine>(figure)) {
            INFO(line.text << " at " << line.x << ", " << line.y);
            const auto wide = static_cast<double>(example.style.font->width(line.text, line.size));
            const double after = line.anchor == TextAnchor::start    ? wide
                                 : line.anchor == TextAnchor::middle ? wide / 2
                                                                     : 0;
            if (line.direction == TextDirection::across) {
                CHECK(line.x + after <= static_cast<double>(figure.width));
                CHECK(line.y + static_cast<double>(line.size) <=
                      static_cast<double>(figure.height));
            } else {
                CHECK(line.y - after >= 0);
                CHECK(line.y <= static_cast<double>(figure.height));
            }
        }
    }
}
