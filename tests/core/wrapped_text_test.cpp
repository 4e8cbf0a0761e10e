#include "core/wrapped_text.hpp"

#include <catch2/catch.hpp>

using namespace attn;
using Lines = std::vector<std::string>;

TEST_CASE("a long text goes on in the next line, behind an indent") {
    CHECK(wrapped("", "one two three", 2, 20) == Lines{"one two three"});
    CHECK(wrapped("", "one two three", 2, 8) == Lines{"one two", "  three"});
    CHECK(wrapped("name  ", "one two three", 6, 13) == Lines{"name  one two", "      three"});
    CHECK(wrapped("", "", 2, 8) == Lines{""});
}

TEST_CASE("a word that is longer than a line is cut, and characters count, not bytes") {
    CHECK(wrapped("", "a/very/long/path", 2, 8) == Lines{"a/very/l", "  ong/pa", "  th"});
    CHECK(wrapped("", "äöü äöü", 0, 7) == Lines{"äöü äöü"});
    CHECK(wrapped("long start ", "word", 2, 12) == Lines{"long start ", "  word"});
    CHECK(wrapped("        ", "word", 8, 8).size() == 1);
}

TEST_CASE("what would steer a terminal does not") {
    CHECK(wrapped("", "a\033[1mb", 0, 80) == Lines{"a\\x1b[1mb"});
}

TEST_CASE("a command goes on as a shell takes it, flags with their values") {
    CHECK(wrapped_command("attn-inspect info a", 80) == Lines{"attn-inspect info a"});
    CHECK(wrapped_command("attn-inspect run -w a.npy -o out", 27) ==
          Lines{"attn-inspect run -w a.npy \\", "  -o out"});
    CHECK(wrapped_command("attn-inspect info 'a b c'", 20) ==
          Lines{"attn-inspect info \\", "  'a b c'"});
    CHECK(wrapped_command("attn-inspect info 'it'\\''s one'", 20) ==
          Lines{"attn-inspect info \\", "  'it'\\''s one'"});
}

TEST_CASE("texts and paths are shortened at the end that tells less") {
    CHECK(shortened("abcdef", 6) == "abcdef");
    CHECK(shortened("abcdef", 4) == "abc…");
    CHECK(shortened_in_front("abcdef", 6) == "abcdef");
    CHECK(shortened_in_front("abcdef", 4) == "…def");
    CHECK(shortened_in_front("äöü/ab", 4) == "…/ab");
}
