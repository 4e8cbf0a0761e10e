#include "core/significand.hpp"

#include <catch2/catch.hpp>

using namespace attn;

TEST_CASE("steps double with every power of two and end at the smallest normal number") {
    CHECK(significand_step(1, 10, -14) == 0x1p-10);
    CHECK(significand_step(-3.9, 10, -14) == 0x1p-9);
    CHECK(significand_step(0x1p-20, 10, -14) == 0x1p-24);
    CHECK(significand_step(0, 7, -126) == 0x1p-133);
}

TEST_CASE("of two neighbours that are as near the even one is taken") {
    CHECK(round_to_multiple(2.5, 1) == 2);
    CHECK(round_to_multiple(3.5, 1) == 4);
    CHECK(round_to_multiple(-0.75, 0.5) == -1);
}
