#include "attention/query_offset.hpp"

#include <catch2/catch.hpp>

using attn::end_offsets;
using attn::offset_of;
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
