#include "attention/approx/quantiser.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "support/plain_head.hpp"

using namespace attn;
using namespace attn::approx;

namespace {

Matrix<double> matrix_from(std::size_t rows, std::size_t columns, std::vector<double> values) {
    Matrix<double> matrix(rows, columns);
    matrix.values = std::move(values);
    return matrix;
}

Matrix<double> quantised_by(const QuantRule& rule, Matrix<double> matrix) {
    quantise(rule, matrix, matrix.rows);
    return matrix;
}

}  // namespace

TEST_CASE("integers are rounded to half a step of their group, ties to the even one") {
    // Three bits: the scale is 3 / 3 = 1.
    const QuantRule rule{QuantKind::integer, 3, true, QuantAxis::token, 0};
    CHECK(quantised_by(rule, matrix_from(1, 5, {-3, 0.5, 1.5, -0.49, 2.51})).values ==
          std::vector<double>{-3, 0, 2, 0, 3});
}

TEST_CASE("without symmetry steps reach from the least to the most") {
    const QuantRule rule{QuantKind::integer, 2, false, QuantAxis::token, 0};
    CHECK(quantised_by(rule, matrix_from(1, 4, {10, 11.4, 12, 13})).values ==
          std::vector<double>{10, 11, 12, 13});
}

TEST_CASE("a group that is all the same, or all zero, stays as it is") {
    for (const QuantKind kind : {QuantKind::integer, QuantKind::fp8}) {
        for (const bool symmetric : {true, false}) {
            const QuantRule rule{kind, 2, symmetric, QuantAxis::token, 0};
            CHECK(quantised_by(rule, matrix_from(1, 2, {0, 0})).values ==
                  std::vector<double>{0, 0});
            CHECK(quantised_by(rule, matrix_from(1, 2, {-7, -7})).values[0] == Approx(-7));
        }
    }
}

TEST_CASE("axes say which numbers share a scale") {
    const Matrix<double> x = matrix_from(3, 2, {1, 10, 0.4, 4, 100, 7});
    const auto with = [&](QuantAxis axis, std::size_t group) {
        return quantised_by({QuantKind::integer, 2, true, axis, group}, x)
            .values;  // -1, 0, 1 times
    };
    CHECK(with(QuantAxis::token, 0) == std::vector<double>{0, 10, 0, 4, 100, 0});
    CHECK(with(QuantAxis::token, 1) == x.values);
    CHECK(with(QuantAxis::channel, 0) == std::vector<double>{0, 10, 0, 0, 100, 10});
    CHECK(with(QuantAxis::channel, 2) == std::vector<double>{1, 10, 0, 0, 100, 7});
    CHECK(with(QuantAxis::tensor, 0) == std::vector<double>{0, 0, 0, 0, 100, 0});
    CHECK(with(QuantAxis::block, 2) == std::vector<double>{0, 10, 0, 0, 100, 0});
}

TEST_CASE("the last tokens may stay exact") {
    Matrix<double> x = matrix_from(2, 2, {1, 10, 1, 10});
    quantise({QuantKind::integer, 2, true, QuantAxis::tensor, 0}, x, 1);
    CHECK(x.values == std::vector<double>{0, 10, 1, 10});
}

TEST_CASE("floats of few bits are rounded as hardware does") {
    const QuantRule half{QuantKind::fp16, 8, true, QuantAxis::token, 0};
    CHECK(
        quantised_by(half, matrix_from(1, 4, {1 + 0x1p-11, 0x1p-25, 3 * 0x1p-25, 65519})).values ==
        std::vector<double>{1, 0, 0x1p-23, 65504});
    CHECK(std::isinf(quantised_by(half, matrix_from(1, 1, {65520})).values[0]));
    const QuantRule brain{QuantKind::bf16, 8, true, QuantAxis::token, 0};
    CHECK(quantised_by(brain, matrix_from(1, 2, {1 + 0x1p-8, 1 + 3 * 0x1p-8})).values ==
          std::vector<double>{1, 1 + 0x1p-6});
    // A scale of 1: 3 bits of fraction, and steps of 2^-9 below 2^-6.
    const QuantRule eight{QuantKind::fp8, 8, true, QuantAxis::token, 0};
    CHECK(quantised_by(eight, matrix_from(1, 5, {448, 17, 19, 0x1p-9, 0x1.8p-10})).values ==
          std::vector<double>{448, 16, 20, 0x1p-9, 0x1p-9});
}

TEST_CASE("four-bit normal floats are quantiles of a normal distribution") {
    // The x whose share of a normal distribution lies below it, by bisection.
    const auto quantile = [](double share) {
        double low = -8, high = 8;
        for (int i = 0; i < 80; ++i) {
            const double middle = (low + high) / 2;
            (std::erfc(-middle / std::sqrt(2.0)) / 2 < share ? low : high) = middle;
        }
        return low;
    };
    // Seven below zero, eight above it, from the middle of half a step to the edge on.
    constexpr double kEdge = (2 - 1.0 / 32 - 1.0 / 30) / 2;
    std::vector<double> expected{0};
    for (int i = 0; i < 7; ++i) expected.push_back(-quantile(kEdge + (0.5 - kEdge) * i / 7));
    for (int i = 0; i < 8; ++i) expected.push_back(quantile(kEdge + (0.5 - kEdge) * i / 8));
    const QuantRule rule{QuantKind::nf4, 8, true, QuantAxis::token, 0};
    for (const double value : expected) {
        const double share = value / quantile(kEdge);
        // What is near one of them becomes it, in parts of the largest number of the group.
        const auto found =
            quantised_by(rule, matrix_from(1, 2, {3, 3 * std::min(1.0, share + 0.02)})).values;
        CHECK(found[0] == 3);
        CHECK(found[1] == Approx(3 * share).margin(1e-6));
    }
    CHECK(quantised_by(rule, matrix_from(1, 2, {0, 0})).values == std::vector<double>{0, 0});
}

TEST_CASE("bytes are those of the numbers and of their scales") {
    CHECK(quantised_bytes({QuantKind::nf4, 8, true, QuantAxis::channel, 16}, 44, 16) ==
          44 * 8 + 3 * 16 * 4);
    CHECK(quantised_bytes({QuantKind::integer, 4, true, QuantAxis::token, 0}, 49, 16) == 49 * 12);
    CHECK(quantised_bytes({QuantKind::integer, 2, false, QuantAxis::channel, 16}, 44, 16) ==
          176 + 3 * 16 * 8);
    CHECK(quantised_bytes({QuantKind::fp8, 8, true, QuantAxis::tensor, 0}, 3, 5) == 15 + 4);
    CHECK(quantised_bytes({QuantKind::bf16, 8, true, QuantAxis::token, 0}, 3, 5) == 30);
    CHECK(quantised_bytes({QuantKind::integer, 3, true, QuantAxis::token, 0}, 0, 5) == 0);
}

TEST_CASE("the largest numbers of a group stay exact, and the scale is that of the others") {
    QuantRule rule{QuantKind::integer, 3, true, QuantAxis::token, 0};
    rule.outliers = 0.25;
    // One of four; without it the scale is 3 / 3 = 1.
    CHECK(
        quantised_by(rule, matrix_from(2, 4, {3, -100.3, 0.6, 1.2, 50.5, 1.4, -3, 50.5})).values ==
        std::vector<double>{3, -100.3, 1, 1, 50.5, 0, 0, 50.5});
    CHECK(outlier_count(rule, 3, 4) == 3);
    CHECK(outlier_count(rule, 3, 3) == 0);  // less than one of each
    rule.outliers = 1;
    CHECK(quantised_by(rule, matrix_from(1, 2, {0.3, 7})).values == std::vector<double>{0.3, 7});
}
