#include "core/mapped_range.hpp"

#include <catch2/catch.hpp>

#include "support/temp_folder.hpp"

using attn::MappedRange;

TEST_CASE("an address tells which mapped file became shorter") {
    const attn::test::TempFolder temp;
    const std::string path = temp.write("a.npy", "12345");
    const std::string bytes(10, 'x');
    const MappedRange range(path, bytes.data(), bytes.size());
    CHECK(range.holds(bytes.data()));
    CHECK(range.holds(bytes.data() + 9));
    CHECK_FALSE(range.holds(bytes.data() + 10));
    CHECK_FALSE(range.holds(bytes.data() - 1));
    CHECK_THAT(attn::explain_unreadable(bytes.data() + 7),
               Catch::StartsWith(path + ": became shorter while it was read (10 bytes before, 5"));
}

TEST_CASE(
    "a mapped file of the same size is said to be unreadable, another address names no file") {
    const attn::test::TempFolder temp;
    const std::string path = temp.write("a.npy", "12345");
    const std::string bytes = "12345";
    {
        const MappedRange range(path, bytes.data(), bytes.size());
        CHECK(attn::explain_unreadable(bytes.data()) ==
              path + ": cannot be read any more (SIGBUS)");
    }
    CHECK_THAT(attn::explain_unreadable(bytes.data()), Catch::StartsWith("a file that was"));
}

TEST_CASE("an address tells where the file itself is, where that was said") {
    const std::string bytes(10, 'x');
    {
        const MappedRange unknown("a.npy", bytes.data(), bytes.size());
        CHECK_FALSE(attn::find_mapped(bytes.data()));
    }
    const MappedRange range("a.npy", bytes.data(), bytes.size(), {"staged/a.npy", 7, 9});
    const auto found = attn::find_mapped(bytes.data() + 4);
    REQUIRE(found);
    CHECK(found->file.path == "staged/a.npy");
    CHECK(found->file.inode == 9);
    CHECK(found->begin == reinterpret_cast<const std::byte*>(bytes.data()));
    CHECK_FALSE(attn::find_mapped(bytes.data() + 10));
}
