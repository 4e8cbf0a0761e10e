#include "render/characters.hpp"

#include <catch2/catch.hpp>

using namespace attn::render;

TEST_CASE("characters become text again") {
    for (const std::string text : {"A", "é", "你", "🙂"})
        CHECK(utf8_text(utf8_characters(text).at(0)) == text);
    CHECK(utf8_characters("\xFF").at(0) == 0xFFFD);
}
