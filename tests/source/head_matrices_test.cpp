#include "source/head_matrices.hpp"

#include <catch2/catch.hpp>

#include "support/arrays.hpp"

using namespace attn;
using attn::source::HeadMatrices;
using attn::source::looks_causal;

TEST_CASE("matrices of an array are those of its sequences and heads") {
    const auto array = test::random_array<double>({2, 3, 4, 5}, 1);
    const HeadMatrices<double> layer(array, false);
    CHECK(layer.shape() == Shape{2, 3, 4, 5});
    CHECK(layer.matrix(1, 2).data == array.data() + 5 * 20);
    CHECK(layer.matrix(1, 2).row(3).data() == array.data() + 5 * 20 + 15);
}

TEST_CASE("matrices may lie in several arrays") {
    const auto a = test::random_array<float>({2, 2}, 1), b = test::random_array<float>({2, 2}, 2);
    const HeadMatrices<float> layer({1, 2, 2, 2}, {b.data(), a.data()}, {a, b}, false);
    CHECK(layer.matrix(0, 0).data == b.data());
    CHECK(layer.matrix(0, 1).data == a.data());
}

TEST_CASE("causal is what is square and zero right of the diagonal, -0 included") {
    const auto causal = [](Shape shape, std::vector<double> values) {
        return looks_causal(HeadMatrices<double>(Array<double>(shape, std::move(values)), false));
    };
    CHECK(causal({1, 1, 2, 2}, {1, 0, 0.5, 0.5}));
    CHECK(causal({1, 1, 2, 2}, {1, -0.0, 0.5, 0.5}));
    CHECK_FALSE(causal({1, 1, 2, 2}, {1, 1e-300, 0.5, 0.5}));
    CHECK_FALSE(causal({1, 1, 1, 2}, {1, 0}));
    // Each cell right of the diagonal, of rows that end within what is looked at together.
    const std::size_t size = 13;
    for (std::size_t query = 0; query < size; ++query) {
        for (std::size_t key = query + 1; key < size; ++key) {
            std::vector<double> values(size * size);
            values[query * size + key] = 1e-300;
            CHECK_FALSE(causal({1, 1, size, size}, values));
            values[query * size + key] = -0.0;
            CHECK(causal({1, 1, size, size}, values));
        }
    }
    CHECK_FALSE(causal({2, 1, 2, 2}, {1, 0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5}));
}
