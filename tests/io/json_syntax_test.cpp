#include "io/json_syntax.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"

using attn::Error;
using attn::io::refuse_json;

TEST_CASE("JSON that breaks off is refused by its line and column") {
    CHECK_THROWS_WITH(refuse_json("a.json", "[1,\n 2 x", 8, false),
                      "a.json:2:4: is not valid JSON");
    CHECK_THROWS_WITH(refuse_json("a.json", "", 0, false), "a.json:1:0: is not valid JSON");
}

TEST_CASE("a position behind the text is its end") {
    CHECK_THROWS_WITH(refuse_json("a.json", "[1\n", 99, false), "a.json:2:0: is not valid JSON");
}

TEST_CASE("NaN and Infinity, which Python writes, get advice of their own") {
    for (const char* text : {"[NaN", "[1, Infinity", "[-Infinity"})
        CHECK_THROWS_WITH(refuse_json("a.json", text, std::string(text).size(), false),
                          Catch::Contains("JSON has no NaN and no Infinity"));
}

TEST_CASE("a number that no float64 holds is called too large, not broken") {
    CHECK_THROWS_WITH(refuse_json("a.json", "[1e999]", 6, true),
                      "a.json:1:6: a number is too large for float64");
}
