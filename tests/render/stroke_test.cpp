#include "render/stroke.hpp"

#include <catch2/catch.hpp>

#include "support/shapes.hpp"

using namespace attn::render;
using namespace attn::test;

namespace {

constexpr Color kRed{200, 0, 0};

Image drawn(const Figure& figure) {
    return rasterize(figure, Font::embedded());
}

}  // namespace

TEST_CASE("a line is as thick as it is told, whatever its direction") {
    for (const Point to : {Point{30, 20}, Point{10, 35}, Point{20, 30}}) {
        Figure figure{40, 40, {}};
        add_line(figure, {10, 20}, to, 4, kRed);
        const Point middle{(10 + to.x) / 2, (20 + to.y) / 2};
        const Image image = drawn(figure);
        CHECK(image.at(static_cast<std::size_t>(middle.x), static_cast<std::size_t>(middle.y)) ==
              kRed);
    }
    Figure figure{40, 40, {}};
    add_line(figure, {10, 20}, {30, 20}, 4, kRed);
    const Image image = drawn(figure);
    CHECK(image.at(20, 18) == kRed);
    CHECK(image.at(20, 21) == kRed);
    CHECK_FALSE(image.at(20, 17) == kRed);
    CHECK_FALSE(image.at(20, 22) == kRed);
}

TEST_CASE("a line without length draws nothing, and no NaN") {
    Figure figure{40, 40, {}};
    add_line(figure, {10, 20}, {10, 20}, 4, kRed);
    add_dashed_line(figure, {10, 20}, {10, 20}, 4, kRed);
    CHECK(figure.shapes.empty());
}

TEST_CASE("a dashed line ends where it is told") {
    Figure figure{60, 20, {}};
    add_dashed_line(figure, {5, 10}, {28, 10}, 2, kRed);
    const Image image = drawn(figure);
    CHECK(image.at(7, 10) == kRed);
    CHECK_FALSE(image.at(13, 10) == kRed);
    CHECK(image.at(26, 10) == kRed);
    for (std::size_t x = 29; x < 60; ++x) CHECK_FALSE(image.at(x, 10) == kRed);
}

TEST_CASE("marks are told apart by their shape") {
    std::vector<std::size_t> areas;
    for (const MarkShape shape : {MarkShape::disc, MarkShape::diamond, MarkShape::triangle}) {
        Figure figure{40, 40, {}};
        add_mark(figure, {20, 20}, 9, shape, kRed);
        const Image image = drawn(figure);
        CHECK(image.at(20, 20) == kRed);
        std::size_t area = 0;
        for (std::size_t y = 0; y < 40; ++y)
            for (std::size_t x = 0; x < 40; ++x) area += image.at(x, y) == kRed ? 1U : 0U;
        areas.push_back(area);
    }
    CHECK(areas[0] > areas[1]);
    CHECK(areas[1] > areas[2]);
}
