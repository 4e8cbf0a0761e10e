#include "core/text_of.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace {

std::string text_of_bytes(const std::string& bytes) {
    return std::string(
        attn::text_of({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}));
}

}  // namespace

TEST_CASE("the text of bytes is all of them but a byte order mark") {
    CHECK(text_of_bytes("").empty());
    CHECK(text_of_bytes("[1]") == "[1]");
    CHECK(text_of_bytes("\xef\xbb\xbf[1]") == "[1]");
    CHECK(text_of_bytes("\xef\xbb\xbf").empty());
    CHECK(text_of_bytes("\xef\xbb") == "\xef\xbb");
}
