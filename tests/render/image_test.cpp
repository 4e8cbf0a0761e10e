#include "render/image.hpp"

#include <catch2/catch.hpp>

using namespace attn::render;

TEST_CASE("a picture begins with its background, whether that is gray or not") {
    for (const Color background : {Color{7, 7, 7}, Color{10, 20, 30}}) {
        const Image image(3, 2, background);
        REQUIRE((image.width() == 3 && image.height() == 2));
        for (std::size_t y = 0; y < 2; ++y) {
            for (std::size_t x = 0; x < 3; ++x) CHECK(image.at(x, y) == background);
        }
    }
}

TEST_CASE("pixels lie row after row from the top, red first") {
    Image image(2, 2, {0, 0, 0});
    image.set(1, 0, {1, 2, 3});
    image.set(0, 1, {4, 5, 6});
    const std::uint8_t* pixels = image.pixels();
    CHECK(std::vector<int>(pixels, pixels + 12) ==
          std::vector<int>{0, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0});
    CHECK(image.row(1)[2] == 6);
}

TEST_CASE("of a rectangle that part is filled that lies inside") {
    const Color ink{9, 8, 7}, paper{1, 1, 1};
    Image image(4, 3, paper);
    image.fill(2, 1, 10, 10, ink);
    image.fill(9, 0, 2, 2, ink);
    image.fill(0, 0, 0, 3, ink);
    for (std::size_t y = 0; y < 3; ++y) {
        for (std::size_t x = 0; x < 4; ++x)
            CHECK(image.at(x, y) == (x >= 2 && y >= 1 ? ink : paper));
    }
}
