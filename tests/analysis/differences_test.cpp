#include "analysis/differences.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "analysis/closeness.hpp"

using namespace attn;
using namespace attn::analysis;

namespace {

constexpr double kQuarter = 0.25;

// Two heads of two queries and four keys, uniform, with some numbers replaced.
Observation uniform_but(const std::vector<std::pair<std::size_t, double>>& changes) {
    std::vector<double> values(16, kQuarter);
    for (const auto& [cell, value] : changes) values[cell] = value;
    return {Observed::weights, Array<double>({1, 2, 2, 4}, values)};
}

Differences differences_of(const Observation& observation) {
    DifferenceCount count(observation, 1e-5, 1e-5, Rounding::none);
    Faced faced;
    faced.width = 4;
    faced.expected.assign(16, kQuarter);
    for (std::size_t i = 0; i < 16; ++i) faced.seen.push_back(observation.values[i]);
    count.add({0, {0, 1}, {0, 1}}, faced);
    return count.differences();
}

}  // namespace

TEST_CASE("NaN and infinity are counted and found, and so are rows that are NaN as a whole") {
    const double nan = std::nan("");
    const NonFinite found = find_non_finite(
        uniform_but({{6, INFINITY}, {8, nan}, {12, nan}, {13, nan}, {14, nan}, {15, nan}}));
    CHECK(found.nan == 5);
    CHECK(found.infinite == 1);
    CHECK(found.first == Shape{0, 0, 1, 2});
    CHECK(found.whole_rows == 1);
    CHECK(found.rows == std::vector<Shape>{{0, 1, 1}});
}

TEST_CASE("masked scores are no infinities, those above are") {
    const Array<float> scores({1, 1, 1, 3}, {-INFINITY, 1.0F, INFINITY});
    CHECK(find_non_finite({Observed::scores, scores}).infinite == 1);
    CHECK(find_non_finite({Observed::weights, scores}).infinite == 2);
}

TEST_CASE("where an observation differs is told for each axis, and how") {
    const Differences differences = differences_of(uniform_but({{9, 0.3}, {11, 0.15}}));
    CHECK(differences.differing == 2);
    CHECK(differences.place == Shape{0, 1, 0, 3});
    CHECK(differences.observed == 0.15);
    CHECK(differences.expected == kQuarter);
    CHECK(differences.largest == Approx(0.1));
    CHECK(differences.above == 1);
    CHECK(differences.axes[1].count == 1);
    CHECK(differences.axes[1].first == 1);
    CHECK(differences.axes[2].count == 1);
    CHECK(differences.axes[3].first == 1);
    CHECK(differences.axes[3].last == 3);
    CHECK(differences.lowest_sum == Approx(0.95));
    CHECK(differences.highest_sum == Approx(1));
    CHECK_FALSE(differences.finite_agree);
}

TEST_CASE("beside NaN everything may agree") {
    const Differences differences = differences_of(uniform_but({{5, std::nan("")}}));
    CHECK(differences.differing == 1);
    CHECK(std::isnan(differences.observed));
    CHECK(differences.finite_agree);
}

TEST_CASE("a ratio that most numbers have is told, and none where they have no common one") {
    const Differences doubled =
        differences_of(uniform_but({{1, 0.5}, {4, 0.5}, {6, 0.5}, {9, 0.501}, {12, 0.9}}));
    CHECK(doubled.ratio == 2);
    const Differences mixed =
        differences_of(uniform_but({{1, 0.5}, {4, 0.1}, {6, 0.7}, {9, 0.3}, {12, 0.9}}));
    CHECK(mixed.ratio == 0);
    CHECK(differences_of(uniform_but({{1, 0.5}})).ratio == 0);
}
