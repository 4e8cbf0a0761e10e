#include "analysis/relevance.hpp"

#include <catch2/catch.hpp>

#include "support/rollout_heads.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

Matrix<double> matrix(std::size_t rows, std::size_t columns, std::vector<double> values) {
    Matrix<double> result(rows, columns);
    result.values = std::move(values);
    return result;
}

void check_cells(const Matrix<double>& found, const std::vector<double>& expected) {
    REQUIRE(found.values.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
        CHECK(found.values[i] == Approx(expected[i]).margin(1e-15));
}

}  // namespace

TEST_CASE("what a token is relevant for beside itself sums to one, or to nothing") {
    check_cells(normalised_relevance(matrix(3, 3, {1, 0, 0, 0.5, 2, 0.5, 1e-30, 0, 1})),
                {1, 0, 0, 0.25, 1.5, 0.25, 1, 0, 1});
}

TEST_CASE("relevance crosses over through both streams, transposed in the decoder") {
    // Weights times gradients are the cross-attention [2, 2]; the decoder's second row has read its
    // first, the encoder nothing.
    const OwnedLayer owned{{{0.5, 0.25, 0, 1}}, 2};
    RolloutOptions options;
    options.fused = Fused::crossed_relevance;
    LayerHeads<double> heads = owned.heads();
    heads.gradients = heads.weights;
    const FusedLayer<double> layer(heads, options);
    Matrix<double> crossed(2, 2);
    crossed.values = {10, 0, 0, 0};
    add_crossed_relevance(matrix(2, 2, {1, 0, 3, 1}), layer, matrix(2, 2, {1, 0, 0, 1}), crossed);
    // Squares [0.25, 0.0625; 0, 1]; N = [1, 0; 1, 1], so row 0 gets both rows, row 1 its own.
    check_cells(crossed, {10.25, 1.0625, 0, 1});
}
