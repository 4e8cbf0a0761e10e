#include "attention/query_offset.hpp"

#include <catch2/catch.hpp>

using attn::end_offsets;
using attn::offset_of;
using attn::position_of;
using attn::start_at_first_key;
using Offsets = std::vector<std::ptrdiff_t>;

TEST_CASE("the last query stands at the last key of its own sequence") {
    CHECK(end_offsets(2, 8, {}) == Offsets{6});
    CHECK(end_offsets(2, 8, {5, 3}) == Offsets{3, 1});
}

TEST_CASE("queries in front of a short sequence's keys have negative places") {
    CHECK(end_offsets(4, 8, {3, 0}) == Offsets{-1, -4});
    CHECK(end_offsets(9, 8, {}) == Offsets{-1});
}

TEST_CASE("one offset is for all sequences, several are one for each") {
    CHECK(offset_of({7}, 3) == 7);
    CHECK(offset_of({7, -2}, 1) == -2);
}

TEST_CASE("a query stands as far on as it is behind query 0") {
    CHECK(position_of({7}, 3, 2) == 9);
    CHECK(position_of({7, -2}, 1, 0) == -2);
}

TEST_CASE("queries start at the first key only where those of every sequence do") {
    CHECK(start_at_first_key({0}));
    CHECK(start_at_first_key({0, 0}));
    CHECK(!start_at_first_key({0, 1}));
    CHECK(!start_at_first_key({-1}));
}
