#include "analysis/cell_pooling.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "attention/mask.hpp"
#include "core/parallel.hpp"
#include "support/arrays.hpp"
#include "support/mask.hpp"

using attn::KeyRange;
using attn::LayerShape;
using attn::Span;
using attn::Tile;
using namespace attn::analysis;

namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();

// Feeds the matrix to the pooling block by block, the blocks in parallel.
CellGrid pool(const attn::Array<float>& matrix, bool causal, std::size_t block_rows,
              CellWindow window, std::size_t factor, PoolKind kind) {
    LayerShape shape;
    shape.queries = matrix.extent(0);
    shape.keys = matrix.extent(1);
    shape.block_rows = block_rows;
    const auto mask = attn::test::causal_mask<float>(shape.keys, causal);
    CellPooling pooling(shape, window, factor, kind);
    attn::parallel_for(shape.blocks(), [&](std::size_t block) {
        Tile<float> tile;
        tile.first_query = block * block_rows;
        const std::size_t rows = shape.rows_of_block(block);
        std::vector<KeyRange> allowed;
        for (std::size_t row = 0; row < rows; ++row)
            allowed.push_back(mask.allowed(0, tile.first_query + row));
        tile.allowed = allowed;
        tile.active = {0, shape.keys};
        tile.weights = {matrix.data() + tile.first_query * shape.keys, rows, shape.keys};
        pooling.add(tile);
    });
    return pooling.finish();
}

// The definition, cell by cell.
float cell(const attn::Array<float>& matrix, bool causal, CellWindow window, std::size_t factor,
           PoolKind kind, std::size_t row, std::size_t column) {
    double sum = 0;
    float high = kMasked;
    int count = 0;
    for (std::size_t i = row * factor; i < std::min((row + 1) * factor, window.queries); ++i) {
        for (std::size_t j = column * factor; j < std::min((column + 1) * factor, window.keys);
             ++j) {
            const std::size_t query = window.first_query + i, key = window.first_key + j;
            if (causal && key > query) continue;
            const float value = matrix.data()[query * matrix.extent(1) + key];
            high = std::max(high, value);
            sum += static_cast<double>(value);
            ++count;
        }
    }
    if (count == 0) return kMasked;
    return kind == PoolKind::max ? high : static_cast<float>(sum / count);
}

}  // namespace

TEST_CASE("cells are the max or the mean of the weights that may be attended") {
    const auto matrix = attn::test::random_array<float>({37, 37}, 1);
    for (const bool causal : {false, true}) {
        for (const PoolKind kind : {PoolKind::max, PoolKind::mean}) {
            for (const std::size_t factor : {1, 2, 5, 40}) {
                for (const CellWindow window :
                     {CellWindow{0, 37, 0, 37}, CellWindow{3, 20, 10, 9}}) {
                    const CellGrid grid = pool(matrix, causal, 4, window, factor, kind);
                    REQUIRE(grid.rows == (window.queries + factor - 1) / factor);
                    REQUIRE(grid.columns == (window.keys + factor - 1) / factor);
                    double worst = 0;
                    for (std::size_t i = 0; i < grid.values.size(); ++i) {
                        const float expected = cell(matrix, causal, window, factor, kind,
                                                    i / grid.columns, i % grid.columns);
                        if (grid.values[i] == expected) continue;
                        worst = std::max(worst,
                                         static_cast<double>(std::abs(grid.values[i] - expected)));
                    }
                    CHECK(worst < 1e-6);
                }
            }
        }
    }
}

TEST_CASE("the result has the same bits whatever the threads") {
    const auto matrix = attn::test::random_array<float>({500, 500}, 2);
    const auto with = [&](std::size_t threads) {
        const attn::ThreadLimit limit(threads);
        return pool(matrix, true, 7, {0, 500, 0, 500}, 3, PoolKind::mean).values;
    };
    CHECK(with(1) == with(4));
}

TEST_CASE("a lone peak survives the max, and a NaN is never hidden") {
    std::vector<float> values(64 * 64, 0.001F);
    values[20 * 64 + 33] = 0.9F;
    values[50 * 64 + 2] = std::nanf("");
    const attn::Array<float> matrix({64, 64}, values);
    const CellGrid grid = pool(matrix, false, 16, {0, 64, 0, 64}, 16, PoolKind::max);
    CHECK(grid.values[1 * 4 + 2] == 0.9F);
    CHECK(std::isnan(grid.values[3 * 4 + 0]));
    CHECK(std::isnan(pool(matrix, false, 16, {0, 64, 0, 64}, 16, PoolKind::mean).values[12]));
}

TEST_CASE("pooling again equals pooling at once") {
    const auto matrix = attn::test::random_array<float>({41, 41}, 3);
    for (const PoolKind kind : {PoolKind::max, PoolKind::mean}) {
        const CellGrid twice = pool_again(pool(matrix, true, 5, {0, 41, 0, 41}, 2, kind), 3, kind);
        const CellGrid once = pool(matrix, true, 5, {0, 41, 0, 41}, 6, kind);
        REQUIRE(twice.values.size() == once.values.size());
        CHECK(twice.pool == 6);
        for (std::size_t i = 0; i < once.values.size(); ++i) {
            if (twice.values[i] != once.values[i]) CHECK(twice.values[i] == Approx(once.values[i]));
        }
    }
}

TEST_CASE("a kind of pooling that does not exist is refused") {
    CHECK(pool_kind("mean") == PoolKind::mean);
    CHECK_THROWS_WITH(pool_kind("maxx"), Catch::Contains("did you mean max?"));
}
