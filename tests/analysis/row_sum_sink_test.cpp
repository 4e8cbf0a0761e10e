#include "analysis/row_sum_sink.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace attn;
using namespace attn::analysis;

namespace {

// Two rows of head 0 of layer 3 over the keys 1 to 3 of 4; the first may attend two of them.
std::optional<FarRow> first_far(const std::vector<float>& weights, bool has_sinks = false,
                                const std::vector<std::uint8_t>& blocked = {}) {
    const std::vector<KeyRange> allowed{{1, 3}, {1, 4}};
    Tile<float> tile;
    tile.layer = 3;
    tile.first_query = 4;
    tile.active = {1, 4};
    tile.allowed = allowed;
    tile.weights = {weights.data(), 2, 3};
    if (!blocked.empty()) tile.blocked = {blocked.data(), 2, 3};
    RowSumSink<float> sink(has_sinks);
    LayerShape shape;
    shape.head_numbers = {7};
    sink.begin_layer(shape);
    sink.consume(tile);
    return sink.first();
}

}  // namespace

TEST_CASE("rows that add up to one over the keys they may attend are in order") {
    CHECK_FALSE(first_far({0.5F, 0.5F, 9, 0.5F, 0.25F, 0.25F}));
    CHECK_FALSE(first_far({0.5F, 0.5F, 0, 0.5F, 9, 0.5F}, false, {0, 0, 0, 0, 1, 0}));
    CHECK_FALSE(first_far({0.5F, 0.5F, 0, 0.5F, 0, 0}, true));
}

TEST_CASE("the place of a row that does not is told by the numbers of its layer and head") {
    const auto row = first_far({0.5F, 0.5F, 0, 0.5F, 0.25F, 2});
    REQUIRE(row);
    CHECK(row->layer == 3);
    CHECK(row->head == 7);
    CHECK(row->query == 5);
    CHECK(row->sum == 2.75);
}
