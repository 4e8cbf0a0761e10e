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
