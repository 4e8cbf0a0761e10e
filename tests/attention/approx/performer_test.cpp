#include "attention/approx/performer.hpp"

#include <catch2/catch.hpp>

#include "support/plain_head.hpp"

using namespace attn;
using namespace attn::approx;
using namespace attn::test;

namespace {

Options performer_options(double features, double eps = 0) {
    Options options;
    options.set("features", features);
    options.set("orthogonal", 1.0);
    options.set("eps", eps);
    options.set("seed", 3.0);
    options.set("redraw", 0.0);
    return options;
}

}  // namespace

TEST_CASE("directions of the performer are those of the reference") {
    const Matrix<double> rows = performer_directions({6, true, 3, 0}, 4, 1, 0);
    CHECK(rows.at(0, 0) == Approx(-1.73757859573).epsilon(1e-10));
    CHECK(rows.at(3, 3) == Approx(1.21309621554).epsilon(1e-10));
    CHECK(rows.at(5, 1) == Approx(1.50059690909).epsilon(1e-10));
    // Blocks of four stand at right angles.
    double dot = 0;
    for (std::size_t c = 0; c < 4; ++c) dot += rows.at(0, c) * rows.at(3, c);
    CHECK(std::abs(dot) < 1e-14);
}

TEST_CASE("many features of short vectors come close to softmax") {
    Matrix<double> q = random_matrix(9, 4, 1), k = random_matrix(11, 4, 2);
    for (double& x : q.values) x /= 2;
    for (double& x : k.values) x /= 2;
    const PlainHead head(q, k, random_matrix(11, 2, 3), true, 2);
    const auto error_with = [&](double features) {
        const Factors factors = performer(performer_options(features), head.input());
        return relative_error(head.weights_of(factors), head.rows.weights());
    };
    CHECK(error_with(4096) < 0.03);
    CHECK(error_with(16) > 0.05);
}

TEST_CASE("features neither overflow nor vanish, however long the vectors") {
    Matrix<double> q = random_matrix(5, 4, 1), k = random_matrix(6, 4, 2);
    for (double& x : q.values) x *= 100;
    for (double& x : k.values) x *= 100;
    const PlainHead head(q, k, random_matrix(6, 2, 3));
    const Matrix<double> weights = head.weights_of(performer(performer_options(8), head.input()));
    for (std::size_t i = 0; i < weights.rows; ++i) {
        double sum = 0;
        for (const double w : weights.row(i)) sum += w;
        CHECK(sum == Approx(1));
    }
}

TEST_CASE("a large eps pulls rows towards the mean of all keys") {
    const PlainHead head(random_matrix(5, 4, 1), random_matrix(6, 4, 2), random_matrix(6, 2, 3));
    const Matrix<double> weights =
        head.weights_of(performer(performer_options(8, 1e6), head.input()));
    for (const double w : weights.values) CHECK(w == Approx(1.0 / 6).epsilon(1e-4));
}
