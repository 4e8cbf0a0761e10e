#include "core/deflate.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"

using attn::deflated;
using attn::Error;
using attn::inflated;

TEST_CASE("what was deflated inflates to the same bytes, and repeats take little") {
    std::string bytes;
    for (int i = 0; i < 10'000; ++i) bytes += static_cast<char>(i * i / 7 % 256);
    CHECK(inflated(deflated(bytes), bytes.size()) == bytes);
    CHECK(inflated(deflated(""), 0).empty());
    CHECK(deflated(std::string(100'000, '\0')).size() < 1000);
    CHECK(deflated(bytes) == deflated(bytes));
}

TEST_CASE("a stream that is broken, or of another size, is refused") {
    std::string stream = deflated("who attends to whom");
    CHECK_THROWS_AS(inflated(stream, 18), Error);
    CHECK_THROWS_AS(inflated(stream, 20), Error);
    CHECK_THROWS_AS(inflated("who", 3), Error);
    stream[stream.size() / 2] = static_cast<char>(stream[stream.size() / 2] ^ 0x40);
    CHECK_THROWS_AS(inflated(stream, 19), Error);
}
