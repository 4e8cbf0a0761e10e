#include "io/zip_places.hpp"

#include <catch2/catch.hpp>

#include "support/zip_bytes.hpp"

using namespace attn;
using attn::io::find_stored_members;
using attn::test::zip_bytes;
using attn::test::ZipEntry;

namespace {

Span<const std::byte> view_of(const std::string& text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

std::string text_at(Span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TEST_CASE("members that are stored lie in the archive as they are") {
    const std::string archive = zip_bytes({{"a.npy", "first"}, {"b.npy", ""}, {"c.npy", "third"}});
    const auto members = find_stored_members(view_of(archive));
    REQUIRE(members.size() == 3);
    CHECK(text_at(members.at("a.npy")) == "first");
    CHECK(members.at("b.npy").empty());
    CHECK(text_at(members.at("c.npy")) == "third");
    CHECK(members.at("a.npy").data() == view_of(archive).data() + archive.find("first"));
}

TEST_CASE("members that are packed or encrypted are stepped over") {
    ZipEntry packed{"packed", "xyz"}, secret{"secret", "xyz"};
    packed.method = 8;
    secret.flags = 1;
    const std::string archive = zip_bytes({packed, secret, {"plain", "text"}});
    const auto members = find_stored_members(view_of(archive));
    REQUIRE(members.size() == 1);
    CHECK(text_at(members.at("plain")) == "text");
}

TEST_CASE("the walk ends where it cannot know how long a member is, or where the bytes end") {
    ZipEntry unknown{"unknown", "xyz"};
    unknown.flags = 8;
    const std::string archive = zip_bytes({{"a", "first"}, unknown, {"b", "second"}});
    CHECK(find_stored_members(view_of(archive)).size() == 1);
    const std::string whole = zip_bytes({{"a", "first"}, {"b", "second"}});
    for (std::size_t size = 0; size < whole.find("second") + 6; ++size) {
        const std::string cut = whole.substr(0, size);
        CHECK(find_stored_members(view_of(cut)).count("b") == 0);
    }
}

TEST_CASE("the checksum is that of ZIP, whole or of pieces") {
    const std::string text = "123456789";  // the check value of CRC-32
    CHECK(io::crc32(view_of(text)) == 0xcbf43926);
    const std::string start = text.substr(0, 4), rest = text.substr(4);
    CHECK(io::crc32(view_of(rest), io::crc32(view_of(start))) == 0xcbf43926);
    CHECK(io::crc32({}, 5) == 5);
}
