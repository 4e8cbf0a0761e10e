#include "attention/product_processor.hpp"

#include <catch2/catch.hpp>

TEST_CASE("the processor of products has a name, and it stays") {
    CHECK_FALSE(attn::product_processor().empty());
    CHECK(attn::product_processor() == attn::product_processor());
}
