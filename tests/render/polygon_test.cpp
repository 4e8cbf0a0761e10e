#include "render/polygon.hpp"

#include <catch2/catch.hpp>

using namespace attn::render;

TEST_CASE("a polygon covers its pixels, half of those on a slanted edge") {
    const Color white{255, 255, 255};
    const Color black{0, 0, 0};
    for (const bool turned : {false, true}) {
        Image image(10, 10, white);
        std::vector<Point> corners{{0, 0}, {8, 0}, {0, 8}};
        if (turned) std::swap(corners[0], corners[1]);
        fill_polygon(image, corners, black);
        CHECK(image.at(0, 0) == black);
        CHECK(image.at(6, 0) == black);
        CHECK(image.at(4, 3).red == Approx(127).margin(40));
        CHECK(image.at(5, 5) == white);
        CHECK(image.at(9, 0) == white);
    }
}

TEST_CASE("what lies outside of the picture is not drawn") {
    Image image(4, 4, {255, 255, 255});
    fill_polygon(image, {{-5, -5}, {20, -5}, {20, 20}, {-5, 20}}, {1, 2, 3});
    CHECK(image.at(0, 0) == Color{1, 2, 3});
    CHECK(image.at(3, 3) == Color{1, 2, 3});
    fill_polygon(image, {}, {9, 9, 9});
    CHECK(image.at(0, 0) == Color{1, 2, 3});
}
