#include "render/cell_layout.hpp"

#include <catch2/catch.hpp>

using namespace attn::render;

namespace {

std::size_t size_of(std::size_t tokens, CellLayout layout) {
    return (tokens + layout.pool - 1) / layout.pool * layout.pixels;
}

}  // namespace

TEST_CASE("few tokens get cells that can be labelled, many share pixels") {
    CHECK(lay_out_cells(49, 49, {}, {}).pixels == 12);
    CHECK(lay_out_cells(8, 8, {}, {}).pixels == 28);
    CHECK(lay_out_cells(128, 128, {}, {}).pixels == 3);
    CHECK(lay_out_cells(1024, 1024, {}, {}).pool == 1);
    CHECK(lay_out_cells(1025, 1025, {}, {}).pool == 2);
    CHECK(lay_out_cells(131072, 131072, {}, {}).pool == 128);
}

TEST_CASE("no picture is larger than asked for, whatever the shape") {
    for (const std::size_t queries : {1, 3, 64, 65, 1000, 5000, 100000}) {
        for (const std::size_t keys : {1, 17, 513, 70000}) {
            for (const std::size_t limit : {16, 300, 1024}) {
                const std::size_t longest = std::max<std::size_t>(queries, keys);
                CHECK(size_of(longest, lay_out_cells(queries, keys, {}, limit)) <= limit);
                CHECK(size_of(longest, lay_out_cells(queries, keys, 8, limit)) <= limit);
                CHECK(lay_out_panel(queries, keys, 12, limit).pixels >= 1);
            }
        }
    }
}

TEST_CASE("the size of a cell is taken as asked") {
    CHECK(lay_out_cells(100, 100, 30, {}).pixels == 30);
    CHECK(lay_out_cells(100, 100, 30, {}).pool == 1);
    CHECK(lay_out_cells(1000, 1000, 4, 1000).pool == 4);
}

TEST_CASE("panels shrink when many stand side by side") {
    CHECK(size_of(49, lay_out_panel(49, 49, 4, {})) <= 500);
    CHECK(size_of(128, lay_out_panel(128, 128, 12, {})) <= 2000 / 12);
    CHECK(size_of(4096, lay_out_panel(4096, 4096, 32, {})) <= 2000 / 32 + 1);
}
