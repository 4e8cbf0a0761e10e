#include "core/index_list.hpp"

#include <catch2/catch.hpp>

using attn::parse_index_list;
using attn::parse_index_range;
using Indices = std::vector<std::size_t>;

TEST_CASE("lists hold indices and ranges, each index once") {
    CHECK(parse_index_list("0,3-5", "--head") == Indices{0, 3, 4, 5});
    CHECK(parse_index_list("2", "--head") == Indices{2});
    CHECK(parse_index_list("3-4,4,3", "--head") == Indices{3, 4});
}

TEST_CASE("malformed lists name the flag") {
    for (const char* text :
         {"", ",", "1,", "a", "3-1", "-1", "1-", "0-99999999999", "1.5", " 1",
          "18446744073709551615", "0-18446744073709551615", "18446744073709551615-0",
          "99999999999999999999", "0-999999,0-999999", "--1", "0--1"}) {
        INFO(text);
        CHECK_THROWS_WITH(parse_index_list(text, "--head"), Catch::StartsWith("--head"));
    }
}

TEST_CASE("a long list of indices takes no longer than its length") {
    std::string list = "0";
    for (int index = 1; index < 200'000; ++index) list += "," + std::to_string(index);
    CHECK(parse_index_list(list, "--head").size() == 200'000);
    CHECK(parse_index_list("0-999999", "--head").size() == 1'000'000);
}

TEST_CASE("indices are listed as flags take them") {
    using attn::index_list_text;
    CHECK(index_list_text({0, 1, 2, 3}) == "0-3");
    CHECK(index_list_text({0, 2, 5}) == "0,2,5");
    CHECK(index_list_text({7}) == "7");
    CHECK(index_list_text({}).empty());
}

TEST_CASE("ranges are like Python slices and are cut to the size") {
    const auto middle = parse_index_range("2:5", 10, "--keys");
    CHECK(middle.begin == 2);
    CHECK(middle.end == 5);
    CHECK(parse_index_range(":3", 10, "--keys").begin == 0);
    CHECK(parse_index_range("8:", 10, "--keys").end == 10);
    CHECK(parse_index_range("8:100", 10, "--keys").end == 10);
    for (const char* text : {"5", "5:5", "7:3", "10:", "a:b", "-3:", "0:18446744073709551615",
                             "18446744073709551615:", "1:2:3", "99999999999999999999:"}) {
        INFO(text);
        CHECK_THROWS_WITH(parse_index_range(text, 10, "--keys"), Catch::StartsWith("--keys"));
    }
}

TEST_CASE("an index beyond the end says how many there are") {
    CHECK_NOTHROW(attn::require_indices_below({0, 7}, 8, "--head", "head"));
    CHECK_THROWS_WITH(attn::require_indices_below({0, 8}, 8, "--head", "head"),
                      "--head 8: there are 8 heads, 0-7");
}
