#include "attention/approx/kmeans.hpp"

#include <catch2/catch.hpp>

#include "support/kept_keys.hpp"

using namespace attn;
using namespace attn::approx;
using namespace attn::test;

namespace {

Options kmeans_options(double clusters) {
    Options options;
    options.set("clusters", clusters);
    options.set("iterations", 10.0);
    options.set("seed", 3.0);
    return options;
}

}  // namespace

TEST_CASE("tokens of two directions fall into two clusters, whatever their lengths") {
    Matrix<double> q(4, 2), k(6, 2);
    for (std::size_t i = 0; i < 4; ++i) q.at(i, i % 2) = 1 + static_cast<double>(i);
    for (std::size_t j = 0; j < 6; ++j) k.at(j, j % 2) = 5 + static_cast<double>(j);
    const PlainHead head(q, k, random_matrix(6, 2, 3));
    // With more centres than directions some are the same, and the lower one gets all.
    const auto clusters = cluster_tokens(kmeans_options(10), head.input());
    CHECK(clusters[0] == clusters[2]);
    CHECK(clusters[0] == clusters[4]);
    CHECK(clusters[0] != clusters[1]);
    const auto method = kmeans(kmeans_options(10), head.input());
    CHECK(kept_by(*method, head, 1) == std::set<std::size_t>{1, 3, 5});
}

TEST_CASE("one cluster keeps every key, and tokens of zeros belong somewhere") {
    const PlainHead head(Matrix<double>(2, 3), random_matrix(4, 3, 1), random_matrix(4, 2, 3));
    CHECK(kept_by(*kmeans(kmeans_options(1), head.input()), head, 0).size() == 4);
    CHECK(cluster_tokens(kmeans_options(3), head.input()).size() == 6);
}
