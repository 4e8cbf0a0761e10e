#include "render/photo.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"
#include "render/png.hpp"

using namespace attn;
using namespace attn::render;

namespace {

Span<const std::byte> bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

}  // namespace

TEST_CASE("a PNG comes back with its pixels") {
    Image image(3, 2, {10, 20, 30});
    image.set(2, 1, {200, 100, 0});
    const Image back = decode_photo(bytes_of(encode_png(image)), "a.png");
    CHECK(back.width() == 3);
    CHECK(back.height() == 2);
    CHECK(back.at(0, 0) == Color{10, 20, 30});
    CHECK(back.at(2, 1) == Color{200, 100, 0});
}

TEST_CASE("what is no picture is refused by name, a part of one too") {
    CHECK_THROWS_WITH(decode_photo(bytes_of("hello"), "a.txt"),
                      Catch::Contains("a.txt: is no PNG"));
    const std::string png = encode_png(Image(40, 40, {1, 2, 3}));
    CHECK_THROWS_AS(decode_photo(bytes_of(png.substr(0, png.size() / 2)), "half.png"), Error);
}

TEST_CASE("a smaller picture is the mean of what it covers, a larger one repeats it") {
    Image image(2, 2, {0, 0, 0});
    image.set(0, 0, {100, 0, 0});
    image.set(1, 1, {100, 200, 0});
    CHECK(resized(image, 1, 1).at(0, 0) == Color{50, 50, 0});
    const Image large = resized(image, 4, 6);
    CHECK(large.at(1, 2) == Color{100, 0, 0});
    CHECK(large.at(2, 3) == Color{100, 200, 0});
    CHECK(large.at(2, 2) == Color{0, 0, 0});
}
