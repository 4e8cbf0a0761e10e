#include "attention/tile_order.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace attn;

namespace {

// "sequence head block" of all tiles.
std::string order_of(BlockOrder order, bool by_block) {
    LayerShape shape;
    shape.heads = 2;
    shape.sequences = 2;
    shape.queries = 5;
    shape.block_rows = 3;
    const TileOrder tiles(shape, order, by_block);
    std::string text;
    for (std::size_t item = 0; item < tiles.tiles(); ++item) {
        const TilePlace place = tiles.place(item);
        text += (item > 0 ? " " : "") + std::to_string(place.sequence) +
                std::to_string(place.head) + std::to_string(place.block);
    }
    return text;
}

}  // namespace

TEST_CASE("tiles come head after head, or all heads of a block of rows behind one another") {
    CHECK(order_of(BlockOrder::rising, false) == "000 001 010 011 100 101 110 111");
    CHECK(order_of(BlockOrder::falling, false) == "001 000 011 010 101 100 111 110");
    CHECK(order_of(BlockOrder::rising, true) == "000 010 001 011 100 110 101 111");
    CHECK(order_of(BlockOrder::falling, true) == "001 011 000 010 101 111 100 110");
}
