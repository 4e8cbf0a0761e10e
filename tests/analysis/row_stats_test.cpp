#include "analysis/row_stats.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

using namespace attn;
using namespace attn::analysis;

namespace {

// One row over keys 0 to 3, of which it may attend those of `allowed`.
RowStats stats_of(const std::vector<double>& weights, KeyRange allowed, std::ptrdiff_t position) {
    Tile<double> tile;
    tile.active = {0, weights.size()};
    tile.allowed = {&allowed, 1};
    tile.weights = {weights.data(), 1, weights.size()};
    return measure_row(tile, 0, position, weights.size(), {});
}

}  // namespace

TEST_CASE("a row says where its weight lies, seen from where its query stands") {
    const RowStats stats = stats_of({0.5, 0.25, 0.25, 0}, {0, 4}, 1);
    CHECK(stats.keys == 4);
    CHECK(stats.sum == 1);
    CHECK(stats.entropy == Approx(1.5 * std::log(2)));
    CHECK(stats.largest == 0.5);
    CHECK(stats.squares == 0.375);
    CHECK(stats.distance == 0.75);
    CHECK(stats.first == 0.5);
    CHECK(stats.previous == 0.5);
    CHECK(stats.diagonal == 0.25);
    CHECK(stats.next == 0.25);
    CHECK(stats.last == 0);
    CHECK(stats.keys_for_90 == 3);
}

TEST_CASE("keys that the row may not attend count for nothing") {
    const RowStats stats = stats_of({0.5, 0.5, 0, 0}, {0, 2}, 1);
    CHECK(stats.keys == 2);
    CHECK(stats.keys_for_90 == 2);
    CHECK(stats.next == 0);
}

TEST_CASE("a row of zeros has no keys and no measures") {
    const RowStats stats = stats_of({0, 0, 0, 0}, {0, 4}, 2);
    CHECK(stats.keys == 0);
    CHECK(stats.entropy == 0);
    CHECK(stats.largest == 0);
}
