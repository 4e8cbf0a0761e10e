#include "render/shaping.hpp"

#include <catch2/catch.hpp>

#include "render/characters.hpp"
#include "render/font.hpp"

using namespace attn::render;

namespace {

std::vector<std::uint32_t> letters(const std::string& text) {
    return utf8_characters(text);
}

Shaper built_in() {
    const Font::Program program = Font::embedded().program();
    return {program.data, program.size};
}

std::vector<std::uint32_t> glyphs_of(const std::string& text, bool right_to_left) {
    const auto line = letters(text);
    std::vector<std::uint32_t> glyphs;
    for (const ShapedGlyph& glyph : built_in().shape(line, {0, line.size(), right_to_left}))
        glyphs.push_back(glyph.index);
    return glyphs;
}

}  // namespace

TEST_CASE("a line of one direction is one run") {
    const auto latin = runs_from_left(letters("abc"));
    REQUIRE(latin.size() == 1);
    CHECK_FALSE(latin[0].right_to_left);
    const auto hebrew = runs_from_left(letters("\u05E9\u05DC\u05D5\u05DD"));
    REQUIRE(hebrew.size() == 1);
    CHECK(hebrew[0].right_to_left);
    CHECK(hebrew[0].count == 4);
    CHECK(runs_from_left({}).empty());
}

TEST_CASE("numbers inside of Hebrew stay from left to right, and the runs change places") {
    // Seen from the left: what follows the number, the number, what stands before it.
    const auto runs = runs_from_left(letters("\u05E9 12 \u05DD"));
    REQUIRE(runs.size() == 3);
    CHECK(runs[0].first == 4);
    CHECK(runs[0].right_to_left);
    CHECK(runs[1].first == 2);
    CHECK(runs[1].count == 2);
    CHECK_FALSE(runs[1].right_to_left);
    CHECK(runs[2].first == 0);
    CHECK(runs[2].right_to_left);
}

TEST_CASE("Arabic letters take the forms that join them") {
    const auto alone = glyphs_of("\u0633", true);
    const auto joined = glyphs_of("\u0633\u0633", true);
    REQUIRE(joined.size() == 2);
    CHECK(joined[0] != alone[0]);
    CHECK(joined[1] != alone[0]);
}

TEST_CASE("a mark stands above its letter and takes no room") {
    const auto line = letters("x\u0301");  // no letter of its own in Unicode
    const auto glyphs = built_in().shape(line, {0, 2, false});
    REQUIRE(glyphs.size() == 2);
    CHECK(glyphs[1].advance == 0);
}
