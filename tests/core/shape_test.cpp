#include "core/shape.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "core/error.hpp"

using attn::element_count;
using attn::Shape;

TEST_CASE("a shape is written as numpy users read it") {
    CHECK(attn::to_string(Shape{}) == "[]");
    CHECK(attn::to_string(Shape{3, 4}) == "[3, 4]");
}

TEST_CASE("elements of a shape are counted, and an overflow is an error") {
    CHECK(element_count({}, "x") == 1);
    CHECK(element_count({2, 3, 4}, "x") == 24);
    CHECK(element_count({5, 0}, "x") == 0);

    const std::size_t half = std::size_t{1} << 32;
    CHECK_THROWS_WITH(element_count({half, half}, "x.npy"), Catch::Contains("x.npy: shape"));
    // Zero times anything is zero, in whatever order the axes stand.
    CHECK(element_count({half, half, 0}, "x") == 0);
}

TEST_CASE("a position in an array has an index on each axis, in either order") {
    CHECK(attn::index_of(0, {2, 3, 4}) == attn::Shape{0, 0, 0});
    CHECK(attn::index_of(23, {2, 3, 4}) == attn::Shape{1, 2, 3});
    CHECK(attn::index_of(5, {2, 3, 4}) == attn::Shape{0, 1, 1});
    CHECK(attn::index_of(5, {2, 3, 4}, true) == attn::Shape{1, 2, 0});
    CHECK(attn::index_of(0, {}).empty());
}
