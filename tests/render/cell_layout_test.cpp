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
                CHECK(size_of(longest, lay_out_panel(queries, keys, {12, 1}, {}, limit)) <= limit);
                CHECK(size_of(longest, lay_out_panel(queries, keys, {12, 9}, 8, limit)) <= limit);
            }
        }
    }
}

TEST_CASE("a strip of few rows or columns is high, or wide, enough to see its colours") {
    for (const std::size_t rows : {1, 2, 3, 5}) {
        for (const std::size_t columns : {40, 49, 64, 65, 500, 1024, 4096, 100000}) {
            INFO(rows << " x " << columns);
            const CellLayout across = lay_out_cells(rows, columns, {}, {});
            const std::size_t drawn = (rows + across.pool - 1) / across.pool;
            CHECK(drawn * across.height() >= 50);
            CHECK(drawn * across.height() <= 5 * 28);
            CHECK(across.width() == across.pixels);
            const CellLayout down = lay_out_cells(columns, rows, {}, {});
            CHECK(down.width() == across.height());
            CHECK(down.height() == across.width());
            const CellLayout panel = lay_out_panel(rows, columns, {4, 2}, {}, {});
            CHECK((rows + panel.pool - 1) / panel.pool * panel.height() >= 50);
        }
    }
}

TEST_CASE("cells stay square where the matrix is no strip, or their size was asked for") {
    for (const auto& [rows, columns] : {std::pair<std::size_t, std::size_t>{1, 1},
                                        {2, 2},
                                        {8, 8},
                                        {49, 49},
                                        {1024, 1024},
                                        {5, 12},
                                        {64, 500}}) {
        INFO(rows << " x " << columns);
        const CellLayout layout = lay_out_cells(rows, columns, {}, {});
        CHECK(layout.width() == layout.pixels);
        CHECK(layout.height() == layout.pixels);
    }
    CHECK(lay_out_cells(1, 500, 2, {}).height() == 2);
    CHECK(lay_out_panel(1, 500, {4, 2}, 2, {}).height() == 2);
    CHECK(lay_out_cells(1, 500, {}, 20).height() <= 20);
}

TEST_CASE("the size of a cell is taken as asked") {
    CHECK(lay_out_cells(100, 100, 30, {}).pixels == 30);
    CHECK(lay_out_cells(100, 100, 30, {}).pool == 1);
    CHECK(lay_out_cells(1000, 1000, 4, 1000).pool == 4);
}

TEST_CASE("panels shrink when many stand side by side") {
    CHECK(size_of(49, lay_out_panel(49, 49, {4, 1}, {}, {})) <= 500);
    CHECK(size_of(128, lay_out_panel(128, 128, {12, 1}, {}, {})) <= 2000 / 12);
    CHECK(size_of(4096, lay_out_panel(4096, 4096, {32, 1}, {}, {})) <= 2000 / 32 + 1);
}

TEST_CASE("the size of a cell and of a matrix are taken as asked on sheets too") {
    CHECK(lay_out_panel(20, 20, {12, 12}, 30, {}).pixels == 30);
    CHECK(lay_out_panel(20, 20, {12, 12}, 30, {}).pool == 1);
    CHECK(lay_out_panel(1024, 1024, {8, 4}, {}, 1024).pool == 1);
    CHECK(lay_out_panel(1024, 1024, {8, 4}, {}, 128).pool == 8);
}

TEST_CASE("sheets are wider than high and leave no place empty where they need not") {
    const auto is = [](std::size_t panels, std::size_t across, std::size_t down) {
        const SheetSize size = lay_out_sheet(panels);
        INFO(panels << " panels: " << size.across << " x " << size.down);
        CHECK((size.across == across && size.down == down));
    };
    is(1, 1, 1);
    is(2, 2, 1);
    is(6, 3, 2);
    is(8, 4, 2);
    is(12, 4, 3);
    is(13, 4, 4);
    is(16, 4, 4);
    is(20, 5, 4);
    is(32, 8, 4);
    is(40, 8, 5);
    is(64, 8, 8);
    for (std::size_t panels = 1; panels < 300; ++panels) {
        const SheetSize size = lay_out_sheet(panels);
        CHECK(size.across * size.down >= panels);
        CHECK(size.across * (size.down - 1) < panels);
    }
}

TEST_CASE("sheets of many layers are not higher than people scroll") {
    CHECK(48 * size_of(24, lay_out_panel(24, 24, {4, 48}, {}, {})) <= 9600);
    // Panels of few queries are low whatever their width.
    CHECK(lay_out_panel(2, 40, {4, 48}, {}, {}).pixels ==
          lay_out_panel(2, 40, {4, 1}, {}, {}).pixels);
}
