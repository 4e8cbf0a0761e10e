#include "analysis/mask_value.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace attn::analysis;

namespace {

// One row of four scores, the last two masked; what is seen has `value` in their place.
MaskValueEstimate estimate_of(double value, bool fills, bool second_leaks = true) {
    const double scores[] = {0.5, 1.5, -0.4, 0.9};
    Faced right, open;
    right.width = open.width = 4;
    right.block.cells = open.block.cells = {0, {2}, {1}, {0, 1, 2, 3}};
    right.block.allowed = {1, 1, 0, 0};
    open.block.scores.assign(scores, scores + 4);
    double sum = 0;
    for (std::size_t key = 0; key < 4; ++key) {
        const double score = key < 2 ? scores[key] : value + (fills ? 0 : scores[key]);
        right.seen.push_back(std::exp(score));
        sum += right.seen.back();
    }
    for (double& weight : right.seen) weight /= sum;
    if (!second_leaks) right.seen[3] *= 9;
    MaskValueEstimate estimate(Observed::weights, fills, 0.01);
    estimate.add(right, open);
    return estimate;
}

}  // namespace

TEST_CASE("the number that stands for minus infinity is told by what leaks") {
    CHECK(*estimate_of(-10, false).value() == Approx(-10));
    CHECK(*estimate_of(-5, true).value() == Approx(-5));
    CHECK_THAT(estimate_of(-5, true).leak(),
               Catch::StartsWith("masked keys get weight, up to 0.00") &&
                   Catch::EndsWith(" at head 2, query 1, key 2"));
}

TEST_CASE("what leaks by other shares has no such number") {
    CHECK_FALSE(estimate_of(-10, false, false).value());
    CHECK_FALSE(estimate_of(-INFINITY, false).value());
    CHECK(estimate_of(-INFINITY, false).leak().empty());
}
