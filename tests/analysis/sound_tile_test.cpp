#include "analysis/sound_tile.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <vector>

#include "core/error.hpp"

using namespace attn;
using namespace attn::analysis;

namespace {

// One row of two keys, and its context; the row is query 4 of head 1 of layer 2.
void look_at(const std::vector<float>& weights, const std::vector<float>& context) {
    Tile<float> tile;
    tile.layer = 2;
    tile.head = 1;
    tile.first_query = 4;
    tile.active = {6, 6 + weights.size()};
    tile.weights = {weights.data(), 1, weights.size()};
    if (!context.empty()) tile.context = {context.data(), 1, context.size()};
    LayerShape shape;
    shape.layer = 2;
    require_sound_tile(tile, shape);
}

}  // namespace

TEST_CASE("weights of 0 or more and finite contexts can be compared with") {
    CHECK_NOTHROW(look_at({0, 1}, {}));
    // Squares of large numbers overflow, the numbers do not.
    CHECK_NOTHROW(look_at({0, 1}, {3e38F, -3e38F}));
}

TEST_CASE("the first number that is no weight, or no context, is named with its place") {
    constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    CHECK_THROWS_WITH(look_at({0.5F, -0.25F}, {}),
                      "layer 2, head 1, query 4, key 7: is -0.25, expected attention weights of 0 "
                      "or more");
    CHECK_THROWS_WITH(look_at({kNaN, 1}, {}), Catch::Contains("key 6: is nan"));
    CHECK_THROWS_WITH(look_at({0, 1}, {1, kNaN}), Catch::Contains("its context holds NaN"));
    CHECK_THROWS_WITH(look_at({0, 1}, {kInfinity, 1}), Catch::Contains("holds an infinity"));
}
