#include "core/shell_word.hpp"

#include <catch2/catch.hpp>

using attn::shell_word;

TEST_CASE("plain words stay, and others are quoted so that a shell gives them back") {
    CHECK(shell_word("out/a-b_1.npy:layers/0") == "out/a-b_1.npy:layers/0");
    CHECK(shell_word("") == "''");
    CHECK(shell_word("a b") == "'a b'");
    CHECK(shell_word("cls;3,4") == "'cls;3,4'");
    CHECK(shell_word("it's") == "'it'\\''s'");
}

TEST_CASE("what cannot be shown is a word in escapes") {
    CHECK(shell_word("a\nb.npy") == "$'a\\nb.npy'");
    CHECK(shell_word("it's\ta \\") == "$'it\\'s\\ta \\\\'");
    CHECK(shell_word("\xff") == "$'\\xff'");
    CHECK(shell_word("\x1b[31m") == "$'\\x1b[31m'");
}
