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
    options.set("kind", "int");
    options.set("group", 0.0);
    quantise_weights(options, weights);
    CHECK(weights.values == std::vector<double>{1, 100, 0, 0, -1, 100});
}

TEST_CASE("columns of four-bit normal floats have a scale for each group of rows") {
    attn::Matrix<double> weights(3, 2);
    weights.values = {2, 8, 0.05, 0.1, 10, -5};
    Options options;
    options.set("bits", 8.0);
    options.set("kind", "nf4");
    options.set("group", 2.0);
    quantise_weights(options, weights);
    // Of the scales 2, 8 and of the last row alone 10 and 5.
    CHECK(weights.values[0] == 2);
    CHECK(weights.values[2] == 0);
    CHECK(weights.values[3] == 0);
    CHECK(weights.values[4] == 10);
    CHECK(weights.values[5] == -5);
    weights.values = {1, 1, 0.5, -0.5, 1, 1};
    quantise_weights(options, weights);
    CHECK(weights.values[2] == Approx(0.44070982933044434));
    CHECK(weights.values[3] == Approx(-0.5250730514526367));
}
