#include "source/mask_axes.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"
#include "support/arrays.hpp"

using namespace attn;
using namespace attn::source;
using attn::test::random_array;

namespace {

struct Spread {
    std::string warning;
    std::string error;
};

Spread spread_of(const Array<float>& values, const AttentionSizes& sizes,
                 const std::string& flag = "--mask") {
    Spread result;
    try {
        spread<float>(values, sizes, "m.npy", flag,
                      [&](const std::string& text) { result.warning += text; });
    } catch (const Error& error) {
        result.error = error.what();
    }
    return result;
}

Spread spread_of(const Shape& shape, const AttentionSizes& sizes,
                 const std::string& flag = "--mask") {
    return spread_of(random_array<float>(shape, 1), sizes, flag);
}

}  // namespace

TEST_CASE("a mask of the keys of each sequence is refused with the two ways to give it") {
    const Spread result = spread_of(Shape{2, 8}, {2, 4, 3, 8});
    CHECK_THAT(result.error, Catch::Contains("[2, 8]: does not broadcast") &&
                                 Catch::Contains("[batch, keys], give --key-lengths or save it as "
                                                 "[2, 1, 1, 8]"));
    // A bias is no padding.
    const Spread bias = spread_of(Shape{2, 8}, {2, 4, 3, 8}, "--bias");
    CHECK_THAT(bias.error, Catch::Contains("[2, 1, 1, 8]") && !Catch::Contains("--key-lengths"));
}

TEST_CASE("other axes that a mask may have are refused with the shape to save") {
    CHECK_THAT(spread_of(Shape{4, 8}, {2, 4, 3, 8}).error,
               Catch::Contains("[heads, keys], save it as [1, 4, 1, 8]"));
    CHECK_THAT(spread_of(Shape{2, 3, 8}, {2, 4, 3, 8}).error,
               Catch::Contains("[batch, queries, keys], save it as [2, 1, 3, 8]"));
    CHECK_THAT(spread_of(Shape{2, 4, 8}, {2, 4, 3, 8}).error,
               Catch::Contains("[batch, heads, keys], save it as [2, 4, 1, 8]"));
    CHECK_THAT(spread_of(Shape{8, 3, 8}, {2, 4, 3, 8}).error,
               Catch::Contains("[batch * heads, queries, keys], save it as [2, 4, 3, 8]"));
    CHECK_THAT(spread_of(Shape{5, 8}, {2, 4, 3, 8}).error, !Catch::Contains("save"));
}

TEST_CASE("where two readings fit, a warning says which was taken") {
    const Spread batch = spread_of(Shape{3, 8}, {3, 4, 3, 8});
    CHECK(batch.error.empty());
    CHECK_THAT(batch.warning,
               Catch::StartsWith("--mask m.npy [3, 8]: is read as [queries, keys]") &&
                   Catch::Contains("[batch, keys], give --key-lengths") &&
                   Catch::Contains("[3, 1, 1, 8]") && Catch::Contains("[1, 1, 3, 8]"));
    CHECK_THAT(spread_of(Shape{3, 8}, {2, 3, 3, 8}, "--bias").warning,
               Catch::Contains("[heads, keys]"));
    CHECK_THAT(spread_of(Shape{4, 3, 8}, {4, 4, 3, 8}).warning,
               Catch::Contains("is read as [heads, queries, keys]") &&
                   Catch::Contains("[batch, queries, keys], save it as [4, 1, 3, 8]"));
    CHECK_THAT(spread_of(Shape{3, 4}, {3, 1, 3, 8}).warning, Catch::Contains("[batch, keys]"));
}

TEST_CASE("readings that give the same numbers need no warning") {
    CHECK(spread_of(Shape{1, 8}, {3, 4, 3, 8}).warning.empty());
    CHECK(spread_of(Shape{1, 3, 8}, {3, 4, 3, 8}).warning.empty());
    CHECK(spread_of(Shape{8}, {8, 8, 8, 8}).warning.empty());
    CHECK(spread_of(Shape{3, 8}, {1, 1, 3, 8}).warning.empty());
    CHECK(spread_of(Shape{3, 1, 3, 8}, {3, 3, 3, 8}).warning.empty());
    const Array<float> rows({3, 2}, {1, 0, 1, 0, 1, 0});
    CHECK(spread_of(rows, {3, 4, 3, 2}).warning.empty());
    const Array<float> heads({2, 2, 2}, {1, 0, 0, 1, 1, 0, 0, 1});
    CHECK(spread_of(heads, {2, 2, 3, 2}).warning.empty());
}
