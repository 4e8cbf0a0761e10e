#include "source/whole_numbers.hpp"

#include <catch2/catch.hpp>

#include "support/array_files.hpp"

using namespace attn;
using namespace attn::source;
using attn::test::TempFolder;
using attn::test::write_array;

namespace {

using Numbers = std::vector<std::int64_t>;

Numbers list_of(const std::string& text) {
    io::Inputs inputs;
    return load_integer_list(inputs, text, WholeRange{-1, 9}, "--lengths");
}

}  // namespace

TEST_CASE("a list is parted at every comma, and parts may be empty") {}

TEST_CASE("whole numbers are written out, or stand in an array of any numeric type") {
    const TempFolder folder;
    CHECK(list_of("5,3,-1") == Numbers{5, 3, -1});
    CHECK(list_of(write_array<std::int64_t>(folder, "i.npy", {3}, {5, 3, -1})) ==
          Numbers{5, 3, -1});
    CHECK(list_of(write_array<float>(folder, "f.npy", {2}, {5, 3})) == Numbers{5, 3});
}

TEST_CASE("a file whose name holds a comma is a file") {
    const TempFolder folder;
    CHECK(list_of(write_array<double>(folder, "a,b.npy", {1}, {7})) == Numbers{7});
}

TEST_CASE("numbers out of range are refused with the flag and the range") {
    const TempFolder folder;
    CHECK_THROWS_WITH(list_of("5,10"), Catch::Contains("--lengths") && Catch::Contains("10") &&
                                           Catch::Contains("from -1 to 9"));
    const std::string array = write_array<double>(folder, "a.npy", {2}, {1, 10});
    CHECK_THROWS_WITH(list_of(array),
                      Catch::Contains("--lengths " + array) && Catch::Contains("from -1 to 9"));
}

TEST_CASE("fractions, NaN and names of nothing are no whole numbers") {
    const TempFolder folder;
    CHECK_THROWS_WITH(list_of(write_array<double>(folder, "a.npy", {1}, {1.5})),
                      Catch::Contains("1.5"));
    CHECK_THROWS_WITH(list_of("five"), Catch::Contains("is no whole number and no array"));
    CHECK_THROWS_WITH(list_of("5,"), Catch::Contains("is no whole number and no array"));
}
