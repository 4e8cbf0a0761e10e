#include "core/base64.hpp"

#include <catch2/catch.hpp>

using attn::append_base64;
using attn::base64;
using attn::base64_size;

TEST_CASE("base64 writes the examples of RFC 4648") {
    CHECK(base64("").empty());
    CHECK(base64("f") == "Zg==");
    CHECK(base64("fo") == "Zm8=");
    CHECK(base64("foo") == "Zm9v");
    CHECK(base64("foob") == "Zm9vYg==");
    CHECK(base64("fooba") == "Zm9vYmE=");
    CHECK(base64("foobar") == "Zm9vYmFy");
}

TEST_CASE("base64 takes bytes of every value, and text before it stays") {
    CHECK(base64({"\xff\xfe\x00\x80", 4}) == "//4AgA==");
    std::string text = "data:";
    append_base64("foo", text);
    CHECK(text == "data:Zm9v");
}

TEST_CASE("the size of base64 is known before") {
    for (std::size_t bytes = 0; bytes < 10; ++bytes)
        CHECK(base64_size(bytes) == base64(std::string(bytes, 'x')).size());
}
