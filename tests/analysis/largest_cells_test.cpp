#include "analysis/largest_cells.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/parallel.hpp"

using attn::LayerShape;
using attn::Tile;
using namespace attn::analysis;

namespace {

std::vector<float> gathered(const std::vector<float>& cells, std::size_t keys,
                            std::size_t block_rows, const CellBegins& rows,
                            const CellBegins& columns, TopOrder order) {
    LayerShape shape;
    shape.queries = cells.size() / keys;
    shape.keys = keys;
    shape.block_rows = block_rows;
    LargestCells largest(rows, columns, order);
    attn::parallel_for(shape.blocks(), [&](std::size_t block) {
        Tile<float> tile;
        tile.first_query = block * block_rows;
        tile.active = {0, keys};
        tile.weights = {cells.data() + tile.first_query * keys, shape.rows_of_block(block), keys};
        largest.add(tile);
    });
    return largest.values();
}

}  // namespace

TEST_CASE("cells of a fixed side leave the rest to the last, even ones share it") {
    CHECK(pooled_cells(7, 3) == CellBegins{0, 3, 6, 7});
    CHECK(even_cells(7, 3) == CellBegins{0, 2, 4, 7});
    CHECK(even_cells(2, 24) == CellBegins{0, 1, 2});
}

TEST_CASE("a cell is the largest of its block, whatever tiles it came in") {
    const std::vector<float> cells{1, 2, 3, 4, 5,  //
                                   6, 0, 8, 0, 1,  //
                                   0, 0, 0, 0, 9,  //
                                   2, 2, 7, 2, 2};
    for (const std::size_t block_rows : {1U, 2U, 3U, 4U})
        CHECK(gathered(cells, 5, block_rows, pooled_cells(4, 2), pooled_cells(5, 2),
                       TopOrder::value) == std::vector<float>{6, 8, 5, 2, 7, 9});
}

TEST_CASE("of differences the largest without its sign is kept with it") {
    const std::vector<float> cells{1, -3, 2, -2,  //
                                   0, 0,  0, 0};
    CHECK(gathered(cells, 4, 1, pooled_cells(2, 2), pooled_cells(4, 2), TopOrder::magnitude) ==
          std::vector<float>{-3, 2});
}

TEST_CASE("what is no weight counts as nothing") {
    const std::vector<float> cells{std::nanf(""), -1, std::nanf(""), 0.5F};
    CHECK(gathered(cells, 2, 2, pooled_cells(2, 2), pooled_cells(2, 1), TopOrder::value) ==
          std::vector<float>{0, 0.5F});
}

TEST_CASE("keys outside of a tile leave cells as they are") {
    const std::vector<float> cells{3, 4};
    LargestCells largest(pooled_cells(1, 1), pooled_cells(8, 2), TopOrder::value);
    Tile<float> tile;
    tile.active = {3, 5};
    tile.weights = {cells.data(), 1, 2};
    largest.add(tile);
    CHECK(largest.values() == std::vector<float>{0, 3, 4, 0});
}
