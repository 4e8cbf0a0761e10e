#include "render/color_map.hpp"

#include <catch2/catch.hpp>

using attn::render::Color;
using attn::render::color_map;

TEST_CASE("the colours are those of matplotlib") {
    struct Row {
        const char* name;
        Color first, middle, last;  // cmap(0), cmap(128), cmap(255) as bytes
    };
    const Row rows[] = {
        {"viridis", {68, 1, 84}, {32, 144, 140}, {253, 231, 36}},
        {"magma", {0, 0, 3}, {182, 54, 121}, {251, 252, 191}},
        {"inferno", {0, 0, 3}, {187, 55, 84}, {252, 254, 164}},
        {"plasma", {12, 7, 134}, {203, 71, 119}, {239, 248, 33}},
        {"cividis", {0, 34, 77}, {124, 123, 120}, {253, 231, 55}},
        {"gray", {0, 0, 0}, {128, 128, 128}, {255, 255, 255}},
        {"blues", {247, 251, 255}, {106, 173, 213}, {8, 48, 107}},
        {"coolwarm", {58, 76, 192}, {221, 220, 219}, {179, 3, 38}},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        CHECK(color_map(row.name)[0] == row.first);
        CHECK(color_map(row.name)[128] == row.middle);
        CHECK(color_map(row.name)[255] == row.last);
    }
    CHECK(attn::render::color_map_names().size() == std::size(rows));
}

TEST_CASE("one-hue maps change in one direction") {
    for (std::size_t i = 1; i < 256; ++i) {
        CHECK(color_map("gray")[i].red >= color_map("gray")[i - 1].red);
        CHECK(color_map("blues")[i].red <= color_map("blues")[i - 1].red);
    }
}

TEST_CASE("an unknown map is answered with the nearest") {
    CHECK_THROWS_WITH(color_map("virids"), "unknown colour map virids; did you mean viridis?");
    CHECK_THROWS_WITH(color_map("rainbow-of-mine"), Catch::Contains("there are viridis, magma"));
}
