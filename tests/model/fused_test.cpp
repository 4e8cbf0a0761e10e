#include "model/fused.hpp"

#include <catch2/catch.hpp>

#include "support/arrays.hpp"

using namespace attn;
using namespace attn::model;
using attn::test::max_difference;

TEST_CASE("blocks of an out_in matrix are its rows, and are not copied") {
    const Array<float> fused({4, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
    const auto parts = split_blocks(fused, MatrixOrder::out_in, {2, 1, 1});
    REQUIRE(parts.size() == 3);
    CHECK(max_difference(parts[0], Array<float>({2, 2}, {1, 2, 3, 4})) == 0);
    CHECK(max_difference(parts[2], Array<float>({1, 2}, {7, 8})) == 0);
    CHECK(parts[1].data() == fused.data() + 4);
}

TEST_CASE("blocks of an in_out matrix are its columns") {
    const Array<float> fused({2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
    const auto parts = split_blocks(fused, MatrixOrder::in_out, {2, 1, 1});
    CHECK(max_difference(parts[0], Array<float>({2, 2}, {1, 2, 5, 6})) == 0);
    CHECK(max_difference(parts[1], Array<float>({2, 1}, {3, 7})) == 0);
    CHECK(max_difference(parts[2], Array<float>({2, 1}, {4, 8})) == 0);
}

TEST_CASE("biases are split alike in both orders") {
    const Array<float> bias({4}, {1, 2, 3, 4});
    for (const MatrixOrder order : {MatrixOrder::in_out, MatrixOrder::out_in})
        CHECK(max_difference(split_blocks(bias, order, {2, 1, 1})[0], Array<float>({2}, {1, 2})) ==
              0);
}

TEST_CASE("GPT-NeoX keeps query, key and value of each head together") {
    // 2 heads of 1 column: q0 k0 v0 q1 k1 v1
    const Array<float> fused({6, 2}, {0, 1, 10, 11, 20, 21, 2, 3, 12, 13, 22, 23});
    const auto parts = split_per_head(fused, 2);
    CHECK(max_difference(parts[0], Array<float>({2, 2}, {0, 1, 2, 3})) == 0);
    CHECK(max_difference(parts[1], Array<float>({2, 2}, {10, 11, 12, 13})) == 0);
    CHECK(max_difference(parts[2], Array<float>({2, 2}, {20, 21, 22, 23})) == 0);
    const auto biases = split_per_head(Array<float>({6}, {0, 10, 20, 1, 11, 21}), 2);
    CHECK(max_difference(biases[1], Array<float>({2}, {10, 11})) == 0);
}
