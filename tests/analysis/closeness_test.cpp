#include "analysis/closeness.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace attn::analysis;

namespace {

Closeness compare(std::vector<double> expected, std::vector<double> seen,
                  Rounding saved = Rounding::none, double dropout = 0) {
    Faced faced;
    faced.width = 4;
    faced.expected = std::move(expected);
    faced.seen = std::move(seen);
    Closeness closeness(1, saved, dropout);
    closeness.add(faced);
    return closeness;
}

}  // namespace

TEST_CASE("the residual is the largest distance, and NaN is only like NaN") {
    CHECK(compare({0.1, 0.2, 0.3, 0.4}, {0.1, 0.25, 0.3, 0.4}).residual() == Approx(0.05));
    CHECK(compare({NAN, 0.2, 0.3, 0.4}, {NAN, 0.2, 0.3, 0.4}).residual() == 0);
    CHECK(compare({0.1, 0.2, 0.3, 0.4}, {NAN, 0.2, 0.3, 0.4}).residual() == kNoMatch);
}

TEST_CASE("what was saved in half precision is half a step away at most, at every magnitude") {
    const std::vector<double> expected{0.1, 0.01, 0.0003, 0.8897};
    std::vector<double> seen;
    for (const double value : expected) seen.push_back(round_to(Rounding::bfloat16, value));
    CHECK(compare(expected, seen, Rounding::bfloat16).steps() <= 0.5);
    CHECK(compare(expected, seen, Rounding::bfloat16).residual() == 0);
    seen[2] += 0.0001;  // little beside the largest, but much for a number so small
    CHECK(compare(expected, seen, Rounding::bfloat16).steps() > 10);
    seen[2] = -INFINITY;
    CHECK(compare(expected, seen, Rounding::bfloat16).steps() > 1000);
}

TEST_CASE("dropout is zeros and one factor") {
    CHECK(compare({0.1, 0.2, 0.3, 0.4}, {0.2, 0, 0.6, 0.8}, Rounding::none, 2).residual() ==
          Approx(0).margin(1e-12));
}

TEST_CASE("a row that is all alike explains nothing of one that is not") {
    CHECK(compare({1e-6, 2e-6, 3e-6, 4e-6}, {1e-6, 2e-6, 3e-6, 4e-6}).explains_variation());
    CHECK_FALSE(
        compare({1e-6, 2e-6, 3e-6, 4e-6}, {2.5e-6, 2.5e-6, 2.5e-6, 2.5e-6}).explains_variation());
    CHECK(compare({0.25, 0.25, 0.25, 0.25}, {0.25, 0.25, 0.25, 0.25}).explains_variation());
}

TEST_CASE("an error that grows along the keys is biased") {
    CHECK_FALSE(compare({0.25, 0.25, 0.25, 0.25}, {0.24, 0.245, 0.255, 0.26}).is_unbiased());
    CHECK(compare({0.25, 0.25, 0.25, 0.25}, {0.24, 0.26, 0.26, 0.24}).is_unbiased());
}
