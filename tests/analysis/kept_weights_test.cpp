#include "analysis/kept_weights.hpp"

#include <catch2/catch.hpp>

#include "attention/block.hpp"

using namespace attn;
using namespace attn::analysis;

TEST_CASE("rows of tiles come back as whole matrices, masked keys as zeros") {
    LayerShape shape;
    shape.heads = 3;
    shape.queries = shape.keys = 2;
    shape.chosen_heads = std::vector<std::size_t>{1, 2};
    KeptWeights<float> kept;
    kept.begin_layer(shape, "a test");
    const float row[] = {1.0F};
    const KeyRange allowed[] = {{0, 1}};
    Tile<float> tile;
    tile.head = 2;
    tile.active = {0, 1};
    tile.allowed = {allowed, 1};
    tile.weights = {row, 1, 1};
    kept.keep(tile);
    CHECK(kept.heads() == std::vector<std::size_t>{1, 2});
    CHECK(kept.sequences() == std::vector<std::size_t>{0});
    CHECK(kept.matrix(0, 2).row(0)[0] == 1.0F);
    CHECK(kept.matrix(0, 2).row(0)[1] == 0.0F);
    CHECK(kept.matrix(0, 1).row(1)[1] == 0.0F);
}

TEST_CASE("what can be added to nothing is refused, by who asked for it") {
    LayerShape shape;
    shape.queries = shape.keys = 2;
    LayerOutputs<double> outputs;
    const auto refusal = [&] {
        try {
            surroundings_of(outputs, shape, 0, 4, "--save contributions");
        } catch (const std::exception& problem) {
            return std::string(problem.what());
        }
        return std::string();
    };
    CHECK_THAT(refusal(), Catch::StartsWith("--save contributions: needs what the layer reads"));
    const Array<double> x({1, 2, 3}, std::vector<double>(6));
    outputs.x = &x;
    CHECK_THAT(refusal(), Catch::Contains("gives 4 columns and reads 3"));
    shape.keys = 5;
    CHECK_THAT(refusal(), Catch::Contains("needs self-attention, this is [2, 5]"));
}

TEST_CASE("W_O is handed out as it is applied, however it lies in the file") {
    ProjectionWeights<double> projections;
    LayerOutputs<double> outputs;
    CHECK(output_matrix(outputs).empty());
    outputs.projections = &projections;
    CHECK(output_matrix(outputs).empty());
    projections.W_O = Array<double>({1, 2}, std::vector<double>{3, 4});
    CHECK(output_matrix(outputs).shape() == Shape{1, 2});
    projections.order = MatrixOrder::out_in;
    CHECK(output_matrix(outputs).shape() == Shape{2, 1});
}
