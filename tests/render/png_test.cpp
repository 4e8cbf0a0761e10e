#include "render/png.hpp"

#include <catch2/catch.hpp>

#include "core/parallel.hpp"
#include "support/picture.hpp"

using namespace attn::render;

TEST_CASE("a picture comes back from its PNG pixel for pixel") {
    Image image(13, 7, {10, 20, 30});
    for (std::size_t y = 0; y < 7; ++y) {
        for (std::size_t x = 0; x < 13; ++x) {
            image.set(x, y,
                      {static_cast<std::uint8_t>(x * 17), static_cast<std::uint8_t>(y * 31),
                       static_cast<std::uint8_t>(x * y)});
        }
    }
    const Image back = attn::test::decode_png(encode_png(image));
    REQUIRE(back.width() == 13);
    REQUIRE(back.height() == 7);
    for (std::size_t y = 0; y < 7; ++y) {
        for (std::size_t x = 0; x < 13; ++x) CHECK(back.at(x, y) == image.at(x, y));
    }
}

TEST_CASE("the same pixels give the same bytes, on any thread and after any other picture") {
    // Pictures with something to find for the compressor, each a little different.
    const auto noise = [](unsigned seed) {
        Image image(300, 200, {1, 2, 3});
        for (std::size_t y = 0; y < 200; y += 3) {
            for (std::size_t x = 0; x < 300; x += 3) {
                seed = seed * 1664525U + 1013904223U;
                const auto value = static_cast<std::uint8_t>(seed >> 28);
                image.fill(x, y, 3, 3, {value, value, 7});
            }
        }
        return image;
    };
    std::vector<std::string> expected(8);
    for (unsigned i = 0; i < 8; ++i) expected[i] = encode_png(noise(i));
    std::vector<std::string> results(64);
    attn::parallel_for(results.size(), [&](std::size_t i) {
        results[i] = encode_png(noise(static_cast<unsigned>((i * 5) % 8)));
    });
    for (std::size_t i = 0; i < results.size(); ++i) CHECK((results[i] == expected[(i * 5) % 8]));
}

TEST_CASE("rectangles are cut at the edge") {
    Image image(4, 4, {});
    image.fill(2, 2, 10, 10, {9, 9, 9});
    image.fill(7, 7, 1, 1, {8, 8, 8});
    CHECK(image.at(3, 3) == Color{9, 9, 9});
    CHECK(image.at(1, 3) == Color{});
    CHECK(image.at(3, 1) == Color{});
}
