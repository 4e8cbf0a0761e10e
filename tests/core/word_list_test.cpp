#include "core/word_list.hpp"

#include <catch2/catch.hpp>

using namespace attn;

TEST_CASE("text is split at a character, and empty parts stay") {
    CHECK(split_at("a;b", ';') == std::vector<std::string>{"a", "b"});
    CHECK(split_at("a,b", ';') == std::vector<std::string>{"a,b"});
    CHECK(split_at(";a;", ';') == std::vector<std::string>{"", "a", ""});
    CHECK(split_at("", ';') == std::vector<std::string>{""});
}

TEST_CASE("words are joined, or the first of them with a number of the others") {
    CHECK(joined({}).empty());
    CHECK(joined({"", "a"}) == ", a");
    CHECK(joined({"a", "b", "c"}, "|") == "a|b|c");
    CHECK(listed({"a", "b"}, 2) == "a, b");
    CHECK(listed({"a", "b", "c", "d"}, 2) == "a, b and 2 more");
}

TEST_CASE("one is no plural") {
    CHECK(counted(1, "layer") == "1 layer");
    CHECK(counted(0, "layer") == "0 layers");
    CHECK(counted(12, "head") == "12 heads");
    CHECK(counted(1, "matrix") == "1 matrix");
    CHECK(counted(2, "matrix") == "2 matrices");
    CHECK(counted(2, "axis") == "2 axes");
    CHECK(counted(2, "query") == "2 queries");
    CHECK(counted(2, "entry") == "2 entries");
    CHECK(counted(2, "key") == "2 keys");
    CHECK(counted(2, "patch") == "2 patches");
}
