#include "core/printable.hpp"

#include <catch2/catch.hpp>

using attn::printable;
using attn::printable_json;

TEST_CASE("text that is harmless stays as it is") {
    for (const char* text :
         {"", "plain text: 1 % [a]", "Ġthe", "▁the", "漢字", "🙂", "C:\\new\\x1b"})
        CHECK(printable(text) == text);
}

TEST_CASE("what steers a terminal or breaks a line becomes visible") {
    CHECK(printable("\x1b[31mred\x07") == "\\x1b[31mred\\x07");
    CHECK(printable("a\nb\r\tc") == "a\\nb\\r\\tc");
    CHECK(printable(std::string("a\0b\x7f", 4)) == "a\\x00b\\x7f");
    CHECK(printable("\u009b31m\u0085") == "\\u009b31m\\u0085");
    CHECK(printable("\u202a\u202e\u2066\u2069\u200e\u200f\u061c") ==
          "\\u202a\\u202e\\u2066\\u2069\\u200e\\u200f\\u061c");
    CHECK(printable("\u2028\u2029") == "\\u2028\\u2029");
}

TEST_CASE("bytes that are no UTF-8 become visible one by one") {
    CHECK(printable("a\xff\x9b\xc3") == "a\\xff\\x9b\\xc3");
    CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");
    CHECK(printable("\xc3\xa9\xe6\xbc") == "\u00e9\\xe6\\xbc");
}

TEST_CASE("printable text is printable") {
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    const std::string once = printable(all + "\u202e\u009b");
    CHECK(printable(once) == once);
}

TEST_CASE("a JSON document keeps its lines and its meaning") {
    CHECK(printable_json("{\n  \"\u202e\x7f\u009b\": \"\u00e9\"\n}\n") ==
          "{\n  \"\\u202e\\u007f\\u009b\": \"\u00e9\"\n}\n");
}

TEST_CASE("characters are counted and cut, not bytes") {
    CHECK(attn::character_count("Ġthe") == 4);
    CHECK(attn::first_characters("漢字x", 2) == "漢字");
    CHECK(attn::first_characters("ab", 5) == "ab");
    CHECK(attn::first_characters("漢字", 0).empty());
}
