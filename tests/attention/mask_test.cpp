#include "attention/mask.hpp"

#include <catch2/catch.hpp>

using attn::Mask;

TEST_CASE("without a mask every key may be attended") {
    const Mask mask(false, 5);
    CHECK(mask.allowed(0).size() == 5);
    CHECK(mask.allowed(4).size() == 5);
    CHECK(mask.allowed(0, 3).size() == 5);
}

TEST_CASE("a causal query attends to itself and what is before") {
    const Mask mask(true, 5);
    CHECK(mask.allowed(0).size() == 1);
    CHECK(mask.allowed(3).end == 4);
    CHECK(mask.allowed(9).end == 5);
    CHECK(mask.allowed(1, 3).end == 4);
    CHECK(mask.allowed(1, 0).empty());
}
