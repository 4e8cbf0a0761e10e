#include "analysis/top_keys.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "core/parallel.hpp"

using attn::KeyRange;
using attn::LayerShape;
using attn::Tile;
using namespace attn::analysis;

namespace {

// [queries, keys] in blocks of `block_rows`, in parallel, the last block first.
std::vector<TopKey> top_of(const std::vector<float>& cells, std::size_t keys, std::size_t band,
                           std::size_t count, TopOrder order, std::size_t block_rows = 2) {
    LayerShape shape;
    shape.queries = cells.size() / keys;
    shape.keys = keys;
    shape.block_rows = block_rows;
    TopKeys<float> top(band, count, order);
    top.begin_layer(shape);
    attn::parallel_for(shape.blocks(), [&](std::size_t item) {
        const std::size_t block = shape.blocks() - 1 - item;
        Tile<float> tile;
        tile.first_query = block * block_rows;
        tile.active = {0, keys};
        tile.weights = {cells.data() + tile.first_query * keys, shape.rows_of_block(block), keys};
        top.consume(tile);
    });
    const auto entries = top.entries(0);
    for (std::size_t i = 0; i * band < shape.queries; ++i)
        CHECK(top.first(0, i).value == entries[i * count].value);
    return entries;
}

std::vector<std::vector<float>> listed(const std::vector<TopKey>& entries) {
    std::vector<std::vector<float>> list;
    for (const TopKey& entry : entries)
        list.push_back(
            {entry.value, static_cast<float>(entry.query), static_cast<float>(entry.key)});
    return list;
}

using List = std::vector<std::vector<float>>;

}  // namespace

TEST_CASE("the largest weights of each row come in order, of equals the smaller key first") {
    const std::vector<float> cells{0.1F, 0.4F, 0.4F, 0.1F,  //
                                   1.0F, 0.0F, 0.0F, 0.0F,  //
                                   0.2F, 0.3F, 0.1F, 0.4F};
    CHECK(listed(top_of(cells, 4, 1, 2, TopOrder::value)) ==
          List{{0.4F, 0, 1}, {0.4F, 0, 2}, {1, 1, 0}, {0, 0, 0}, {0.4F, 2, 3}, {0.3F, 2, 1}});
}

TEST_CASE("a band has the largest of its rows, whatever tiles they came in") {
    const std::vector<float> cells{0.1F, 0.9F,  //
                                   0.5F, 0.5F,  //
                                   0.9F, 0.1F,  //
                                   0.3F, 0.7F,  //
                                   0.6F, 0.4F};
    const List expected{{0.9F, 0, 1}, {0.9F, 2, 0}, {0.5F, 1, 0},
                        {0.7F, 3, 1}, {0.6F, 4, 0}, {0.4F, 4, 1}};
    for (const std::size_t block_rows : {1U, 2U, 3U, 4U, 5U})
        CHECK(listed(top_of(cells, 2, 3, 3, TopOrder::value, block_rows)) == expected);
}

TEST_CASE("differences are ordered by how large they are, and keep their sign") {
    const std::vector<float> cells{0.1F, -0.4F, 0.3F, 0.4F};
    CHECK(listed(top_of(cells, 4, 1, 3, TopOrder::magnitude)) ==
          List{{-0.4F, 0, 1}, {0.4F, 0, 3}, {0.3F, 0, 2}});
}

TEST_CASE("what is no number is no entry") {
    const std::vector<float> cells{std::nanf(""), 0.5F, -0.25F};
    CHECK(listed(top_of(cells, 3, 1, 2, TopOrder::value)) == List{{0.5F, 0, 1}, {0, 0, 0}});
    CHECK(listed(top_of(cells, 3, 1, 2, TopOrder::magnitude)) ==
          List{{0.5F, 0, 1}, {-0.25F, 0, 2}});
}

TEST_CASE("entries of long rows are found wherever they stand") {
    for (const std::size_t at : {0U, 31U, 32U, 63U, 64U, 99U}) {
        std::vector<float> row(100, 0.25F);
        row[at] = 0.5F;
        const std::vector<float> next{0.25F, 0, at == 0 ? 1.0F : 0.0F};
        CHECK(listed(top_of(row, 100, 1, 2, TopOrder::value)) ==
              List{{0.5F, 0, static_cast<float>(at)}, next});
        row[at] = -0.5F;
        CHECK(listed(top_of(row, 100, 1, 2, TopOrder::magnitude)) ==
              List{{-0.5F, 0, static_cast<float>(at)}, next});
    }
}

TEST_CASE("any number of entries are the first of the row in order") {
    std::vector<float> row;
    for (unsigned i = 0; i < 90; ++i) row.push_back(static_cast<float>(i * 37 % 41) / 41);
    std::vector<std::size_t> keys(row.size());
    for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = i;
    std::stable_sort(keys.begin(), keys.end(),
                     [&](std::size_t a, std::size_t b) { return row[a] > row[b]; });
    for (std::size_t count = 1; count <= 12; ++count) {
        List expected;
        for (std::size_t i = 0; i < count; ++i)
            expected.push_back(
                {row[keys[i]], static_cast<float>(keys[i] / 30), static_cast<float>(keys[i] % 30)});
        CAPTURE(count);
        CHECK(listed(top_of(row, 30, 3, count, TopOrder::value)) == expected);
    }
}
