#include "core/place_among.hpp"

#include <catch2/catch.hpp>

using attn::place_among;

TEST_CASE("a number stands at the first place that has it, whatever the order") {
    CHECK(place_among({7, 2, 9, 2}, 7) == 0);
    CHECK(place_among({7, 2, 9, 2}, 2) == 1);
    CHECK(place_among({7, 2, 9, 2}, 9) == 2);
}

TEST_CASE("a number that was not chosen stands behind all") {
    CHECK(place_among({7, 2}, 3) == 2);
    CHECK(place_among({}, 3) == 0);
}
