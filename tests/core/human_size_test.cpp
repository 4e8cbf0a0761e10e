#include "core/human_size.hpp"

#include <catch2/catch.hpp>
#include <cstdint>

TEST_CASE("sizes are told in decimal units") {
    CHECK(attn::human_size(0) == "0 B");
    CHECK(attn::human_size(999) == "999 B");
    CHECK(attn::human_size(1500) == "1.5 kB");
    CHECK(attn::human_size(25'200'000'000) == "25.2 GB");
    CHECK(attn::human_size(SIZE_MAX) == "18.4 EB");
}
