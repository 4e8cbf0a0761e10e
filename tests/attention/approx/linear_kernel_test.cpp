#include "attention/approx/linear_kernel.hpp"

#include <catch2/catch.hpp>

#include "support/plain_head.hpp"

using namespace attn;
using namespace attn::approx;
using namespace attn::test;

TEST_CASE("linear attention is the same as its recurrence") {
    const PlainHead head(random_matrix(7, 3, 1), random_matrix(7, 3, 2), random_matrix(7, 2, 3),
                         true);
    Options options;
    options.set("scaled", 0.0);
    const Matrix<double> weights = head.weights_of(linear_kernel(options, head.input()));
    const auto feature = [](double x) { return x > 0 ? x + 1 : std::exp(x); };
    Matrix<double> sums(3, 2);   // S += φ(k) vᵀ
    std::vector<double> all(3);  // z += φ(k)
    for (std::size_t i = 0; i < 7; ++i) {
        double divisor = 0;
        for (std::size_t c = 0; c < 3; ++c) {
            all[c] += feature(head.k.at(i, c));
            for (std::size_t e = 0; e < 2; ++e)
                sums.at(c, e) += feature(head.k.at(i, c)) * head.v.at(i, e);
            divisor += feature(head.q.at(i, c)) * all[c];
        }
        for (std::size_t e = 0; e < 2; ++e) {
            double recurrent = 0, implied = 0;
            for (std::size_t c = 0; c < 3; ++c)
                recurrent += feature(head.q.at(i, c)) * sums.at(c, e) / divisor;
            for (std::size_t j = 0; j < 7; ++j) implied += weights.at(i, j) * head.v.at(j, e);
            CHECK(implied == Approx(recurrent));
        }
    }
}

TEST_CASE("cosFormer weighs positive products by the cosine of the distance") {
    const PlainHead head(random_matrix(4, 3, 1), random_matrix(6, 3, 2), random_matrix(6, 2, 3),
                         false, 2);
    const Factors factors = cosformer({}, head.input());
    for (std::size_t i = 0; i < 4; ++i) {
        for (std::size_t j = 0; j < 6; ++j) {
            double product = 0, got = 0;
            for (std::size_t c = 0; c < 3; ++c)
                product += std::max(0.0, head.q.at(i, c)) * std::max(0.0, head.k.at(j, c));
            for (std::size_t t = 0; t < 6; ++t)
                got += factors.left.at(i, t) * factors.right.at(t, j);
            const double away = static_cast<double>(i + 2) - static_cast<double>(j);
            CHECK(got == Approx(product * std::cos(std::acos(-1.0) * away / 12)).margin(1e-12));
        }
    }
}
