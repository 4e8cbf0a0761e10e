#include "render/complex_scripts.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "render/characters.hpp"

using namespace attn::render;

TEST_CASE("scripts that cannot be drawn letter by letter have a name") {
    CHECK(std::string(complex_script(0x05E9)) == "Hebrew");
    CHECK(std::string(complex_script(0x0633)) == "Arabic");
    CHECK(std::string(complex_script(0x0301)) == "combining marks");
    for (const std::uint32_t plain : {U'A', U'\u00E9', U'\u0416', U'\u4F60', U'\u0120'})
        CHECK(complex_script(plain) == nullptr);
}

TEST_CASE("one such letter is enough for a text to need shaping") {
    CHECK(needs_shaping(utf8_characters("the \u05E9")));
    CHECK_FALSE(needs_shaping(utf8_characters("\u0120the caf\u00E9")));
    CHECK_FALSE(needs_shaping({}));
}

TEST_CASE("marks are told from letters") {
    CHECK(is_combining(0x0301));
    CHECK_FALSE(is_combining(0x05E9));
    CHECK(is_invisible(0x200D));
    CHECK_FALSE(is_invisible('A'));
}
