#include "render/palette.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace attn::render;

namespace {

double lightness(Color color) {
    return 0.2126 * color.red + 0.7152 * color.green + 0.0722 * color.blue;
}

// How a colour looks without the cones for red and green: what is left are its sum and its blue.
double distance_without_red_and_green(Color a, Color b) {
    const auto yellow = [](Color c) { return 0.3 * c.red + 0.7 * c.green; };
    return std::hypot(yellow(a) - yellow(b), static_cast<double>(a.blue) - b.blue);
}

}  // namespace

TEST_CASE("few lines have colours that are told apart without red and green") {
    const auto colors = line_colors(6);
    REQUIRE(colors.size() == 6);
    for (std::size_t a = 0; a < colors.size(); ++a)
        for (std::size_t b = a + 1; b < colors.size(); ++b)
            CHECK(distance_without_red_and_green(colors[a], colors[b]) > 25);
}

TEST_CASE("many lines go from dark to light, and none is too pale to see") {
    const auto colors = line_colors(32);
    REQUIRE(colors.size() == 32);
    for (std::size_t i = 0; i + 1 < colors.size(); ++i)
        CHECK(lightness(colors[i]) < lightness(colors[i + 1]));
    CHECK(lightness(colors.back()) < 215);
    CHECK(line_colors(0).empty());
    CHECK(line_colors(1).size() == 1);
}

TEST_CASE("twelve things without an order have colours that differ, and are seen on white") {
    const auto colors = distinct_colors(12);
    REQUIRE(colors.size() == 12);
    for (std::size_t a = 0; a < colors.size(); ++a) {
        CHECK(lightness(colors[a]) < 200);
        for (std::size_t b = a + 1; b < colors.size(); ++b)
            CHECK(std::hypot(colors[a].red - colors[b].red, colors[a].green - colors[b].green,
                             colors[a].blue - colors[b].blue) > 50);
    }
    CHECK(distinct_colors(13).back() == colors.front());
}
