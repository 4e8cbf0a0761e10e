#include "analysis/array_summary.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

using attn::Span;
using attn::analysis::summarise;

TEST_CASE("the summary leaves out what is not a number and counts it") {
    const float inf = std::numeric_limits<float>::infinity();
    const std::vector<float> values{1, -2, 4, std::nanf(""), inf, -inf};
    const auto summary = summarise(Span<const float>(values));
    CHECK(summary.count == 6);
    CHECK(summary.nans == 1);
    CHECK(summary.infinities == 2);
    CHECK(summary.min == -2);
    CHECK(summary.mean == 1);
    CHECK(summary.max == 4);
}

TEST_CASE("nothing finite leaves nothing to average") {
    const std::vector<double> values{std::nan("")};
    CHECK(summarise(Span<const double>(values)).finite() == 0);
}

TEST_CASE("large arrays are summed over all their parts") {
    std::vector<double> values(300000, 0.5);
    values.back() = 7;
    const auto summary = summarise(Span<const double>(values));
    CHECK(summary.max == 7);
    CHECK(summary.mean == Approx((299999 * 0.5 + 7) / 300000));
}
