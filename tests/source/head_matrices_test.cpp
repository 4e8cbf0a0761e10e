#include "source/head_matrices.hpp"

#include <catch2/catch.hpp>

#include "support/arrays.hpp"

using namespace attn;
using attn::source::HeadMatrices;
using attn::source::looks_causal;
using attn::source::may_be_causal;

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

TEST_CASE("some sequences and heads of a layer are matrices of the same memory") {
    const auto array = test::random_array<double>({3, 4, 2, 2}, 1);
    const HeadMatrices<double> layer(array, false);
    const HeadMatrices<double> some = layer.chosen({2, 0}, {3});
    CHECK(some.shape() == Shape{2, 1, 2, 2});
    CHECK(some.matrix(0, 0).data == layer.matrix(2, 3).data);
    CHECK(some.matrix(1, 0).data == layer.matrix(0, 3).data);
}

TEST_CASE(
    "what may be causal is told by some rows: it is never missed, and may be no more than likely") {
    const std::size_t size = 64;
    const auto guess = [&](std::vector<double> values) {
        return may_be_causal(
            HeadMatrices<double>(Array<double>({1, 1, size, size}, std::move(values)), false));
    };
    std::vector<double> causal(size * size);
    for (std::size_t query = 0; query < size; ++query)
        for (std::size_t key = 0; key <= query; ++key) causal[query * size + key] = 0.5;
    CHECK(guess(causal));
    CHECK_FALSE(guess(std::vector<double>(size * size, 0.5)));
    // Row 1 is not among those that are looked at, row 0 is.
    std::vector<double> leak = causal;
    leak[size + 5] = 1;
    CHECK(guess(leak));
    leak[5] = 1;
    CHECK_FALSE(guess(leak));
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
