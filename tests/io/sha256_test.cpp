#include "io/sha256.hpp"

#include <catch2/catch.hpp>

namespace {

std::string digest(const std::string& text) {
    return attn::io::sha256({reinterpret_cast<const std::byte*>(text.data()), text.size()});
}

}  // namespace

TEST_CASE("digests are those of FIPS 180-4") {
    CHECK(digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
