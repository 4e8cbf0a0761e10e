#include "analysis/token_spread.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

using namespace attn;
using namespace attn::analysis;

TEST_CASE("tokens that are all alike have no residual, cosine 1 and rank 1") {
    const std::vector<double> rows{1, 2, 2, 1, 2, 2, 1, 2, 2, 1, 2, 2};
    const TokenSpread spread = token_spread({rows.data(), 4, 3});
    CHECK(spread.rank_residual == Approx(0).margin(1e-12));
    CHECK(spread.token_cosine == Approx(1));
    CHECK(spread.stable_rank == Approx(1));
}

TEST_CASE("tokens at right angles have cosine 0 and full rank") {
    const std::vector<double> rows{2, 0, 0, 0, 2, 0, 0, 0, 2};
    const TokenSpread spread = token_spread({rows.data(), 3, 3});
    CHECK(spread.token_cosine == Approx(0).margin(1e-12));
    CHECK(spread.stable_rank == Approx(3));
    CHECK(spread.rank_residual == Approx(std::sqrt(2.0 / 3)));
}

TEST_CASE("wide and high matrices have the rank of their numbers") {
    std::mt19937 random(5);
    std::normal_distribution<double> normal;
    std::vector<double> rows(6 * 9), turned(9 * 6);
    for (std::size_t i = 0; i < 6; ++i)
        for (std::size_t j = 0; j < 9; ++j) rows[i * 9 + j] = turned[j * 6 + i] = normal(random);
    CHECK(token_spread({rows.data(), 6, 9}).stable_rank ==
          Approx(token_spread({turned.data(), 9, 6}).stable_rank));
}

TEST_CASE("numbers that are not finite leave no measure, and LAPACK in peace") {
    std::vector<double> rows(6, 1);
    rows[3] = std::numeric_limits<double>::quiet_NaN();
    const TokenSpread spread = token_spread({rows.data(), 2, 3});
    CHECK(std::isnan(spread.rank_residual));
    CHECK(std::isnan(spread.token_cosine));
    CHECK(std::isnan(spread.stable_rank));
    const std::vector<double> zeros(6, 0);
    CHECK(std::isnan(token_spread({zeros.data(), 2, 3}).rank_residual));
    CHECK(std::isnan(product_norm(Array<double>({2, 1}, {rows[3], 1}),
                                  Array<double>({2, 1}, std::vector<double>{1, 1}))));
}

TEST_CASE("the norm of a product is its largest singular value, also where a factor is singular") {
    // A = diag(3, 1), B = a turn of diag(2, 5): A Bᵀ has the singular values of both products.
    const Array<double> a({3, 2}, {3, 0, 0, 1, 0, 0});
    const Array<double> b({2, 2}, {2, 0, 0, 5});
    CHECK(product_norm(a, b) == Approx(6));
    const Array<double> flat({2, 2}, {1, 1, 1, 1});
    CHECK(product_norm(flat, flat) == Approx(4));
}

TEST_CASE("a head's columns are the same in both orders of a matrix") {
    const Array<float> in_out({2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
    const Array<float> out_in({4, 2}, {1, 5, 2, 6, 3, 7, 4, 8});
    const Array<double> one = head_of(in_out, MatrixOrder::in_out, 1, 2);
    const Array<double> other = head_of(out_in, MatrixOrder::out_in, 1, 2);
    CHECK(std::vector<double>(one.data(), one.data() + 4) == std::vector<double>{3, 4, 7, 8});
    CHECK(std::vector<double>(other.data(), other.data() + 4) == std::vector<double>{3, 4, 7, 8});
}
