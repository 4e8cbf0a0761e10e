#include "render/photo_sheet.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace attn::render;

namespace {

// One panel of 2 x 3 patches of 20 pixels over white paper; only patch (1, 2) is looked at.
Figure figure_of(std::optional<std::pair<std::size_t, std::size_t>> target) {
    static const float cells[] = {0, 0, 0, 0, 0, 1};
    const Image photo(30, 20, {200, 200, 200});
    PhotoSheet sheet;
    sheet.title = "title";
    sheet.photo = &photo;
    sheet.panels.push_back({"head 3", {cells, 2, 3}, target});
    sheet.row_titles = {"layer 7"};
    HeatmapStyle style;
    style.layout = {20, 1};
    return make_photo_sheet(sheet, style);
}

const CellBlock& photo_of(const Figure& figure) {
    for (const attn::render::Shape& shape : figure.shapes) {
        const auto* block = std::get_if<CellBlock>(&shape);
        if (block != nullptr && block->cells.width() == 60) return *block;
    }
    FAIL("the figure has no photograph");
    return std::get<CellBlock>(figure.shapes.front());
}
const CellBlock& photo_of(Figure&&) = delete;  // what it returns lives in the figure

bool says(const Figure& figure, const std::string& text) {
    return std::any_of(figure.shapes.begin(), figure.shapes.end(),
                       [&](const attn::render::Shape& shape) {
                           const auto* line = std::get_if<TextLine>(&shape);
                           return line != nullptr && line->text == text;
                       });
}

}  // namespace

TEST_CASE("the photograph shows through, most where nobody looks") {
    const Figure figure = figure_of(std::nullopt);
    const Image& photo = photo_of(figure).cells;
    CHECK(photo.height() == 40);
    const Color seen = photo.at(5, 5), covered = photo.at(50, 30);
    CHECK(seen == photo.at(39, 39));
    CHECK(seen.red > 160);
    CHECK(covered.red > 220);  // viridis ends in yellow
    CHECK(covered.blue < 90);
}

TEST_CASE("titles say which layer and head it is") {
    const Figure figure = figure_of(std::nullopt);
    for (const char* text : {"title", "layer 7", "head 3"}) CHECK(says(figure, text));
}

TEST_CASE("the patch that looks has a frame") {
    const auto shapes = [](const Figure& figure) { return figure.shapes.size(); };
    CHECK(shapes(figure_of(std::pair<std::size_t, std::size_t>{0, 1})) ==
          shapes(figure_of(std::nullopt)) + 8);
}
