#include "attention/approx/pruned_projection.hpp"

#include <catch2/catch.hpp>

using namespace attn::approx;

TEST_CASE("the smallest entries become zero, of equal ones the first") {
    attn::Matrix<double> weights(2, 3);
    weights.values = {1, -3, -1, 1, 4, 0.5};
    Options options;
    options.set("share", 0.5);
    prune_weights(options, weights);
    CHECK(weights.values == std::vector<double>{0, -3, 0, 1, 4, 0});
    options.set("share", 1.0);
    prune_weights(options, weights);
    CHECK(weights.values == std::vector<double>(6, 0));
}

TEST_CASE("entries of few bits have one scale a column") {
    attn::Matrix<double> weights(3, 2);
    weights.values = {1, 100, 0.4, 40, -1, 60};
    Options options;
    options.set("bits", 2.0);
    quantise_weights(options, weights);
    CHECK(weights.values == std::vector<double>{1, 100, 0, 0, -1, 100});
}
