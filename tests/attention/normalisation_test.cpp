#include "attention/normalisation.hpp"

#include <catch2/catch.hpp>

#include "support/arrays.hpp"

using namespace attn;
using attn::test::max_difference;

TEST_CASE("layer norm centres and scales each vector, then applies weight and bias") {
    Norm<double> norm;
    norm.kind = NormKind::layer;
    norm.epsilon = 0;
    const Array<double> x({2, 2}, {1, 3, -5, 5});
    CHECK(max_difference(normalise(x, norm), Array<double>({2, 2}, {-1, 1, -1, 1})) < 1e-15);
    norm.weight = Array<double>({2}, {2, 3});
    norm.bias = Array<double>({2}, {10, 20});
    CHECK(max_difference(normalise(x, norm), Array<double>({2, 2}, {8, 23, 8, 23})) < 1e-14);
}

TEST_CASE("rms norm does not centre; Gemma keeps its weights less one") {
    Norm<double> norm;
    norm.kind = NormKind::rms;
    norm.epsilon = 0;
    const Array<double> x({1, 2}, {1, 7});  // mean square 25
    CHECK(max_difference(normalise(x, norm), Array<double>({1, 2}, {0.2, 1.4})) < 1e-15);
    norm.weight = Array<double>({2}, {1, -1});
    norm.weight_plus = 1;
    CHECK(max_difference(normalise(x, norm), Array<double>({1, 2}, {0.4, 0})) < 1e-15);
}

TEST_CASE("epsilon keeps a vector of zeros finite") {
    Norm<float> norm;
    norm.kind = NormKind::rms;
    const Array<float> zeros({1, 3}, {0, 0, 0});
    CHECK(max_difference(normalise(zeros, norm), zeros) == 0);
}

TEST_CASE("long inputs give the same rows as short ones") {
    Norm<float> norm;
    norm.kind = NormKind::layer;
    const auto x = attn::test::random_array<float>({300, 17}, 1);
    const auto all = normalise(x, norm);
    for (std::size_t row : {0, 63, 64, 299})
        CHECK(max_difference(all.rows(row, 1), normalise(x.rows(row, 1), norm)) == 0);
}

TEST_CASE("vectors whose squares leave the range of double are normalised like others") {
    for (const NormKind kind : {NormKind::layer, NormKind::rms}) {
        Norm<double> norm;
        norm.kind = kind;
        norm.epsilon = 0;
        const Array<double> x({1, 4}, {1, 3, -5, 5});
        const Array<double> large({1, 4}, {1e300, 3e300, -5e300, 5e300});
        const Array<double> largest({1, 4}, {3e307, 9e307, -15e307, 15e307});
        CHECK(max_difference(normalise(large, norm), normalise(x, norm)) < 1e-14);
        CHECK(max_difference(normalise(largest, norm), normalise(x, norm)) < 1e-14);
    }
}
