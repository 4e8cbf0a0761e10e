#include "core/affix.hpp"

#include <catch2/catch.hpp>

using namespace attn;

TEST_CASE("a text begins and ends with its parts, and with nothing") {
    CHECK(starts_with("layers.0", "layers."));
    CHECK_FALSE(starts_with("layers", "layers."));
    CHECK(ends_with("a.npy", ".npy"));
    CHECK_FALSE(ends_with("npy", ".npy"));
    CHECK(starts_with("x", ""));
    CHECK(ends_with("", ""));
}
