#include "analysis/head_similarity.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "support/given_weights.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

HeadSimilarity compared(const std::vector<Rows>& heads, double threshold = 0.1) {
    std::vector<GivenMatrix> matrices;
    for (const Rows& rows : heads) matrices.emplace_back(rows);
    std::vector<MatrixView<const double>> views;
    for (const GivenMatrix& matrix : matrices) views.push_back(matrix.view());
    return compare_heads(views, threshold);
}

double divergence(const HeadSimilarity& similarity, std::size_t a, std::size_t b) {
    return similarity.divergence.data()[a * similarity.divergence.extent(0) + b];
}

}  // namespace

TEST_CASE("divergence is 0 for the same rows, 1 for rows without a common key, and symmetric") {
    const Rows left{{1, 0, 0}, {1, 0, 0}}, right{{0, 1, 0}, {0, 0, 1}};
    const HeadSimilarity found = compared({left, right, left});
    CHECK(divergence(found, 0, 2) == Approx(0).margin(1e-12));
    CHECK(divergence(found, 0, 1) == Approx(1));
    CHECK(divergence(found, 1, 0) == divergence(found, 0, 1));
    CHECK(divergence(found, 1, 1) == 0);
}

TEST_CASE("divergence is Jensen's and Shannon's, written out") {
    const HeadSimilarity found = compared({{{0.75, 0.25}}, {{0.25, 0.75}}});
    const auto entropy = [](double p) { return -p * std::log(p) - (1 - p) * std::log(1 - p); };
    CHECK(divergence(found, 0, 1) == Approx((entropy(0.5) - entropy(0.25)) / std::log(2)));
}

TEST_CASE("rows where both heads have no weight are left out") {
    const HeadSimilarity found =
        compared({{{1, 0}, {0, 0}}, {{0.5, 0.5}, {0, 0}}, {{1, 0}, {0, 0}}});
    CHECK(divergence(found, 0, 1) == Approx(divergence(compared({{{1, 0}}, {{0.5, 0.5}}}), 0, 1)));
    CHECK(divergence(found, 0, 2) == Approx(0).margin(1e-12));
}

TEST_CASE("a head without weights has nothing in common with those that have some") {
    const Rows a{{1, 0}, {1, 0}}, b{{0, 1}, {0, 1}}, none{{0, 0}, {0, 0}}, half{{0, 0}, {1, 0}};
    const HeadSimilarity found = compared({a, b, none, half});
    CHECK(divergence(found, 0, 2) == 1);
    CHECK(divergence(found, 0, 3) == 0.5);
    CHECK(found.redundant.empty());
    CHECK(found.clusters.empty());
}

TEST_CASE("a head with a NaN is like none") {
    const double nan = std::nan("");
    const Rows a{{1, 0}, {1, 0}}, broken{{1, 0}, {nan, 0}};
    const HeadSimilarity found = compared({a, broken, a});
    CHECK(std::isnan(divergence(found, 0, 1)));
    CHECK(divergence(found, 0, 2) == 0);
    REQUIRE(found.redundant.size() == 1);
    CHECK(found.clusters == std::vector<std::vector<std::size_t>>{{0, 2}});
}

TEST_CASE("heads that do the same are redundant, and in one cluster") {
    const Rows a{{1, 0}, {1, 0}}, b{{0, 1}, {0, 1}};
    const HeadSimilarity found = compared({a, b, a});
    REQUIRE(found.redundant.size() == 1);
    CHECK(found.redundant[0] == std::make_pair(std::size_t{0}, std::size_t{2}));
    REQUIRE(found.clusters.size() == 1);
    CHECK(found.clusters[0] == std::vector<std::size_t>{0, 2});
}

TEST_CASE("clusters are joined while their mean distance is below the threshold") {
    // 0 and 1 are near, 2 is nearer to 1 than to 0.
    const Array<double> distances({3, 3}, {0, 0.1, 0.5, 0.1, 0, 0.3, 0.5, 0.3, 0});
    CHECK(cluster(distances, 0.05).empty());
    CHECK(cluster(distances, 0.2) == std::vector<std::vector<std::size_t>>{{0, 1}});
    CHECK(cluster(distances, 0.39) == std::vector<std::vector<std::size_t>>{{0, 1}});
    CHECK(cluster(distances, 0.41) == std::vector<std::vector<std::size_t>>{{0, 1, 2}});
}
