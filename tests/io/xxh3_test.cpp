#include "io/xxh3.hpp"

#include <catch2/catch.hpp>

namespace {

std::string hex_of(const std::string& text) {
    return attn::io::xxh3({reinterpret_cast<const std::byte*>(text.data()), text.size()});
}

}  // namespace

// As xxh128sum prints them.
TEST_CASE("the digest of a text is that of xxh128sum") {
    CHECK(hex_of("") == "99aa06d3014798d86001c324468d497f");
    CHECK(hex_of("abc") == "06b05ab6733a618578af5f94892f3950");
    CHECK(hex_of(std::string(1000, 'x')) == "50a1af5a5f2dcf01c0a4877b962cba82");
}
