#include "analysis/difference.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "support/given_weights.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

Difference compared(const Rows& a, const Rows& b, const Tolerance& tolerance = {},
                    DType grain = DType::float64) {
    const GivenMatrix left(a), right(b);
    return compare(left.view(), right.view(), tolerance, grain);
}

}  // namespace

TEST_CASE("what is the same differs in nothing") {
    const Difference found = compared({{0.25, 0.75}}, {{0.25, 0.75}});
    CHECK(found.max_abs == 0);
    CHECK(found.cosine == Approx(1));
    CHECK(found.mean_kl == Approx(0).margin(1e-15));
    CHECK(found.differing == 0);
    CHECK(found.cells == 2);
    CHECK_FALSE(found.first);
}

TEST_CASE("cells are close as numpy.allclose has it, with B on the right") {
    const Tolerance tolerance{0.1, 0};
    CHECK(compared({{1.1}}, {{1.0001}}, tolerance).differing == 0);
    CHECK(compared({{1.11}}, {{1.0}}, tolerance).differing == 1);
    CHECK(compared({{1.0}}, {{1.11}}, tolerance).differing == 0);
}

TEST_CASE("the first cell that differs is told by row and column") {
    const Difference found = compared({{1, 2}, {3, 4}}, {{1, 2}, {3.5, 5}});
    CHECK(found.differing == 2);
    CHECK(found.first == std::make_pair(std::size_t{1}, std::size_t{0}));
    CHECK(found.max_abs == 1);
    CHECK(found.max_rel == Approx(0.2));
}

TEST_CASE("a distance that is none stays so, whatever comes behind it") {
    const double none = std::numeric_limits<double>::quiet_NaN();
    const Difference found = compared({{none, 0.5}, {0.5, 0.5}}, {{0.5, 0.25}, {0.5, 0.25}});
    CHECK(std::isnan(found.max_abs));
    CHECK(std::isnan(found.max_rel));
    CHECK(found.differing == 3);
}

TEST_CASE("equal infinities are close, and NaN is close to nothing") {
    const double inf = std::numeric_limits<double>::infinity();
    CHECK(compared({{inf, -inf}}, {{inf, -inf}}).differing == 0);
    CHECK(compared({{inf}}, {{-inf}}).differing == 1);
    CHECK(compared({{std::nan("")}}, {{std::nan("")}}).differing == 1);
    CHECK(std::isnan(compared({{1}, {std::nan("")}}, {{1}, {std::nan("")}}).cosine));
}

TEST_CASE("divergence is infinite where B lacks a key of A, and not a number of negative rows") {
    CHECK(compared({{0.5, 0.5}}, {{1, 0}}).mean_kl == std::numeric_limits<double>::infinity());
    CHECK(compared({{1, 0}}, {{0.5, 0.5}}).mean_kl == Approx(std::log(2)));
    CHECK(std::isnan(compared({{-1, 2}}, {{0.5, 0.5}}).mean_kl));
}

TEST_CASE("steps are those of the type, across zero too") {
    CHECK(ulps(1, std::nextafter(1.0, 2), DType::float64) == 1);
    CHECK(ulps(1.0f, std::nextafter(1.0f, 2.0f), DType::float32) == 1);
    CHECK(ulps(1, 1 + 1.0 / 128, DType::bfloat16) == 1);
    CHECK(ulps(1, 1 + 1.0 / 1024, DType::float16) == 1);
    const double least = std::numeric_limits<double>::denorm_min();
    CHECK(ulps(-least, least, DType::float64) == 2);
}
