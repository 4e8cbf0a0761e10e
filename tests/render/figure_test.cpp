#include "render/figure.hpp"

#include <catch2/catch.hpp>
#include <optional>

using namespace attn::render;

namespace {

const Color kWhite{255, 255, 255};
const Color kRed{255, 0, 0};
const Color kBlue{0, 0, 255};

struct Extent {
    std::size_t first_x, last_x, first_y, last_y;
};

// Where the picture is not white.
Extent ink_of(const Image& image) {
    Extent ink{image.width(), 0, image.height(), 0};
    for (std::size_t y = 0; y < image.height(); ++y) {
        for (std::size_t x = 0; x < image.width(); ++x) {
            if (image.at(x, y) == kWhite) continue;
            ink.first_x = std::min(ink.first_x, x);
            ink.last_x = std::max(ink.last_x, x);
            ink.first_y = std::min(ink.first_y, y);
            ink.last_y = std::max(ink.last_y, y);
        }
    }
    return ink;
}

Extent ink_of(const TextLine& line) {
    Figure figure{200, 200, {}};
    figure.write(line);
    return ink_of(rasterize(figure, Font::embedded()));
}

}  // namespace

TEST_CASE("a later shape hides an earlier one, on white paper") {
    Figure figure{4, 3, {}};
    figure.fill(1, 1, 2, 1, kRed);
    figure.fill(2, 1, 1, 1, kBlue);
    const Image image = rasterize(figure, Font::embedded());
    CHECK(image.width() == 4);
    CHECK(image.height() == 3);
    CHECK(image.at(0, 0) == kWhite);
    CHECK(image.at(1, 1) == kRed);
    CHECK(image.at(2, 1) == kBlue);
    CHECK(image.at(3, 1) == kWhite);
}

TEST_CASE("every cell of a block becomes a rectangle of pixels") {
    Image cells(2, 2, kRed);
    cells.set(1, 0, kBlue);
    Figure figure{10, 10, {}};
    figure.place({cells, 1, 2, 3, 4});
    const Image image = rasterize(figure, Font::embedded());
    for (std::size_t y = 0; y < 10; ++y) {
        for (std::size_t x = 0; x < 10; ++x) {
            const bool inside = x >= 1 && x < 7 && y >= 2;
            const bool second = x >= 4 && y < 6;
            CHECK(image.at(x, y) == (!inside ? kWhite : second ? kBlue : kRed));
        }
    }
}

TEST_CASE("a text starts, ends or has its middle at its place") {
    TextLine line{"HHHH", 20, 100, 100, kRed, TextAnchor::start, TextDirection::across};
    CHECK(ink_of(line).first_x >= 100);
    CHECK(ink_of(line).first_x < 105);
    line.anchor = TextAnchor::end;
    CHECK(ink_of(line).last_x < 100);
    CHECK(ink_of(line).last_x > 95);
    line.anchor = TextAnchor::middle;
    CHECK(ink_of(line).first_x + ink_of(line).last_x == Approx(200).margin(3));
}

TEST_CASE("a text that reads up ends above the place where it starts") {
    TextLine line{"HHHH", 20, 100, 100, kRed, TextAnchor::start, TextDirection::up};
    CHECK(ink_of(line).last_y <= 100);
    CHECK(ink_of(line).last_y > 95);
    line.anchor = TextAnchor::end;
    CHECK(ink_of(line).first_y >= 100);
    CHECK(ink_of(line).first_y < 105);
    line.anchor = TextAnchor::middle;
    CHECK(ink_of(line).first_y + ink_of(line).last_y == Approx(200).margin(3));
    CHECK(ink_of(line).first_x >= 100);
}

TEST_CASE("a frame lies around its rectangle and leaves it free") {
    Figure figure{6, 6, {}};
    figure.frame(2, 2, 2, 2);
    const Image image = rasterize(figure, Font::embedded());
    CHECK(ink_of(image).first_x == 1);
    CHECK(ink_of(image).last_y == 4);
    CHECK(image.at(2, 2) == kWhite);
    CHECK(image.at(3, 3) == kWhite);
}

TEST_CASE("what is appended moves to the right, shapes of every kind") {
    Figure other{50, 40, {}};
    other.fill(1, 1, 3, 3, kRed);
    other.fill({{5, 1}, {9, 1}, {5, 5}}, kRed);
    other.place({Image(2, 2, kRed), 10, 1, 2, 2});
    other.write({"H", 20, 20, 5, kRed});
    other.hatch(40, 20, 10, 10);
    Figure figure{30, 30, {}};
    figure.append(other);
    CHECK(figure.width == 80);
    CHECK(figure.height == 40);
    const Image alone = rasterize(other, Font::embedded());
    const Image moved = rasterize(figure, Font::embedded());
    for (std::size_t y = 0; y < 40; ++y) {
        for (std::size_t x = 0; x < 50; ++x) CHECK(moved.at(x + 30, y) == alone.at(x, y));
        for (std::size_t x = 0; x < 30; ++x) CHECK(moved.at(x, y) == kWhite);
    }
}
