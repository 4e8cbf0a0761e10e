#include "render/picture_format.hpp"

#include <stb/stb_image.h>
#include <catch2/catch.hpp>

#include "core/error.hpp"
#include "support/picture.hpp"

using namespace attn::render;
using attn::test::decode_png;

namespace {

Figure example_figure() {
    Figure figure{40, 20, {}};
    figure.place({Image(2, 1, {200, 0, 0}), 5, 5, 10, 10});
    figure.write({"x", 12, 27, 2, {0, 0, 0}});
    return figure;
}

}  // namespace

TEST_CASE("formats of pictures are known by name, and nothing else is one") {
    for (const std::string& name : picture_format_names())
        CHECK(name_of(picture_format(name)) == name);
    CHECK_THROWS_WITH(picture_format("jpg"), Catch::Contains("png, svg or pdf"));
}

TEST_CASE("more dots an inch are a larger PNG that says so") {
    Print print;
    print.dots_per_inch = 300;
    const std::string png = encode(example_figure(), Font::embedded(), print, {});
    const Image image = decode_png(png);
    CHECK(image.width() == 120);
    CHECK(image.height() == 60);
    CHECK(image.at(15, 15) == Color{200, 0, 0});
    CHECK(image.at(74, 44) == Color{200, 0, 0});
    CHECK(image.at(75, 44) == Color{255, 255, 255});
    // 300 dots an inch are 11811 a metre.
    CHECK_THAT(png, Catch::Contains(std::string("pHYs\0\0\x2e\x23\0\0\x2e\x23\1", 13)));
}

TEST_CASE("a scale that cells do not fit leaves no gap between them") {
    Print print;
    print.dots_per_inch = 133;
    const Image image = decode_png(encode(example_figure(), Font::embedded(), print, {}));
    for (std::size_t x = 7; x < 33; ++x) CHECK(image.at(x, 10) == Color{200, 0, 0});
}

TEST_CASE("a transparent PNG is nothing where there is no ink, and looks the same on white") {
    Print print;
    const Image opaque = decode_png(encode(example_figure(), Font::embedded(), print, {}));
    print.transparent = true;
    const std::string png = encode(example_figure(), Font::embedded(), print, {});
    int width = 0, height = 0, channels = 0;
    unsigned char* pixels =
        stbi_load_from_memory(reinterpret_cast<const unsigned char*>(png.data()),
                              static_cast<int>(png.size()), &width, &height, &channels, 4);
    REQUIRE(pixels != nullptr);
    CHECK(channels == 4);
    CHECK(pixels[3] == 0);
    for (std::size_t i = 0; i < opaque.width() * opaque.height(); ++i) {
        const unsigned char* p = pixels + i * 4;
        const double expected = opaque.pixels()[i * 3];
        CHECK(p[0] * p[3] / 255.0 + 255 - p[3] == Approx(expected).margin(2));
    }
    stbi_image_free(pixels);
}

TEST_CASE("PNG keeps facts as text, in UTF-8 where they need it") {
    const std::string png =
        encode(example_figure(), Font::embedded(), {}, {{"Title", "“cat”"}, {"Source", "w.npy"}});
    CHECK_THAT(png, Catch::Contains(std::string("tEXtSource\0w.npy", 16)) &&
                        Catch::Contains(std::string("iTXtTitle\0\0\0\0\0“cat”", 23)));
    CHECK(decode_png(png).width() == 40);
}

TEST_CASE("pictures that no memory holds are refused") {
    Print print;
    print.dots_per_inch = 2400;
    CHECK_THROWS_WITH(encode({4000, 4000, {}}, Font::embedded(), print, {}),
                      Catch::Contains("96000 x 96000") && Catch::Contains("--dpi"));
}
