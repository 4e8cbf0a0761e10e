#include "render/font.hpp"

#include <catch2/catch.hpp>

#include "support/temp_folder.hpp"

using namespace attn::render;

namespace {

const Color kLightest{255, 255, 255};
const Color kBlack{0, 0, 0};

// How many pixels the text darkens in a picture of 100 x 100.
std::size_t dark_pixels(const std::string& text, TextDirection direction = TextDirection::across) {
    Image image(100, 100, kLightest);
    Font::embedded().draw(image, text, 16, 10, 60, kBlack, direction);
    std::size_t count = 0;
    for (std::size_t y = 0; y < 100; ++y) {
        for (std::size_t x = 0; x < 100; ++x) count += image.at(x, y).red < 128;
    }
    return count;
}

}  // namespace

TEST_CASE("text has a width and leaves ink") {
    const Font& font = Font::embedded();
    CHECK(font.width("", 16) == 0);
    CHECK(font.width("WW", 16) > font.width("ii", 16));
    CHECK(font.width("W", 32) > font.width("W", 16));
    CHECK(dark_pixels("W") > 20);
    CHECK(dark_pixels(" ") == 0);
}

TEST_CASE("the marks of tokenisers are in the built-in font") {
    const std::size_t missing = dark_pixels("\U0010FFFF");
    for (const char* mark : {"Ġ", "▁", "Ċ", "␣", "…", "é", "ж"}) {
        INFO(mark);
        CHECK(dark_pixels(mark) > 0);
        CHECK(dark_pixels(mark) != missing);
    }
}

TEST_CASE("text that reads upwards is the same text turned") {
    CHECK(dark_pixels("query", TextDirection::up) == dark_pixels("query"));
    Image image(100, 100, kLightest);
    Font::embedded().draw(image, "query", 16, 50, 90, kBlack, TextDirection::up);
    for (std::size_t y = 0; y < 100; ++y) {
        for (std::size_t x = 0; x < 100; ++x) {
            if (image.at(x, y) == kLightest) continue;
            CHECK((x >= 50 && x < 66 && y <= 90));
        }
    }
}

TEST_CASE("text is cut at the edge of the picture, wherever it starts") {
    Image image(20, 20, kLightest);
    for (const std::size_t place : {0, 15, 19, 25}) {
        Font::embedded().draw(image, "Wide text", 16, place, place, kBlack);
        Font::embedded().draw(image, "Wide text", 16, place, place, kBlack, TextDirection::up);
    }
    SUCCEED("no write outside the picture; the sanitizer build would stop here");
}

TEST_CASE("long text is shortened by whole characters") {
    const Font& font = Font::embedded();
    CHECK(font.shorten("short", 16, 200) == "short");
    const std::string cut = font.shorten("ĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠĠ", 16, 80);
    CHECK(font.width(cut, 16) <= 80);
    CHECK(cut.size() % 2 == 1);  // two bytes a character and three for the ellipsis
    CHECK(cut.substr(cut.size() - 3) == "…");
}

TEST_CASE("bytes that are not UTF-8 are drawn as replacement characters") {
    CHECK(dark_pixels("\xff") == dark_pixels("\uFFFD"));
    CHECK(dark_pixels("\xc4") == dark_pixels("\uFFFD"));
}

TEST_CASE("a file that is no font is refused") {
    const attn::test::TempFolder folder;
    CHECK_THROWS_WITH(Font::from_file(folder / "none.ttf"), Catch::Contains("cannot open: "));
    CHECK_THROWS_WITH(Font::from_file(folder.write("a.ttf", "text")),
                      Catch::Contains("not a TrueType font"));
    CHECK_THROWS_WITH(Font::from_file(folder.write("b.ttf", std::string(5000, 'x'))),
                      Catch::Contains("not a TrueType font"));
}

TEST_CASE("Hebrew is drawn from right to left") {
    const Font& font = Font::embedded();
    Image whole(100, 40, kLightest), placed(100, 40, kLightest);
    font.draw(whole, "\u05D0\u05D1", 16, 10, 10, kBlack);
    font.draw(placed, "\u05D1", 16, 10, 10, kBlack);
    Image alone(100, 40, kLightest);
    font.draw(alone, "\u05D0", 16, 10, 10, kBlack);
    // The second letter stands where the text begins.
    std::size_t left_ink = 0, same = 0;
    for (std::size_t y = 0; y < 40; ++y) {
        for (std::size_t x = 10; x < 15; ++x) {
            left_ink += placed.at(x, y) == kLightest ? 0 : 1;
            same += placed.at(x, y) == whole.at(x, y) && !(placed.at(x, y) == kLightest) ? 1 : 0;
        }
    }
    CHECK(left_ink > 0);
    CHECK(same == left_ink);
    CHECK(font.width("\u05D0\u05D1", 16) >= font.width("\u05D1", 16));
}

TEST_CASE("text that needs shaping is shortened to what fits") {
    const Font& font = Font::embedded();
    std::string text;
    for (int i = 0; i < 200; ++i) text += "\u0633\u0644\u0627\u0645 ";
    const std::string shortened = font.shorten(text, 16, 80);
    CHECK(font.width(shortened, 16) <= 80);
    CHECK(shortened.size() > 10);
}
