#include "core/utf8.hpp"

#include <catch2/catch.hpp>

using attn::is_utf8;

TEST_CASE("text in UTF-8 is recognised") {
    for (const char* text : {"", "plain", "Ġthe", "▁the", "漢字", "🙂"}) CHECK(is_utf8(text));
}

TEST_CASE("bytes that are not UTF-8 are refused") {
    CHECK_FALSE(is_utf8("\xff"));
    CHECK_FALSE(is_utf8("\xc3"));              // cut
    CHECK_FALSE(is_utf8("\x80"));              // no start
    CHECK_FALSE(is_utf8("\xc0\xaf"));          // overlong
    CHECK_FALSE(is_utf8("\xe0\x80\xaf"));      // overlong
    CHECK_FALSE(is_utf8("\xed\xa0\x80"));      // surrogate
    CHECK_FALSE(is_utf8("\xf4\x90\x80\x80"));  // above U+10FFFF
    CHECK_FALSE(is_utf8("caf\xe9"));           // Latin-1
}
