#include "analysis/patch_grid.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/error.hpp"

using namespace attn;
using namespace attn::analysis;

TEST_CASE("tokens before the patches are none") {
    const PatchGrid grid(2, 3, 1);
    CHECK(grid.keys() == 7);
    CHECK_FALSE(grid.is_patch(0));
    CHECK(grid.is_patch(1));
    CHECK(grid.is_patch(6));
    CHECK_FALSE(grid.is_patch(7));
    CHECK_FALSE(grid.is_patch(-1));
}

TEST_CASE("distances are Euclidean on the grid, and other tokens count nothing") {
    const PatchGrid grid(2, 3, 1);
    // From the patch in the first row and column to the one in the second row and third column.
    const std::vector<double> corner{0, 0, 0, 0, 0, 0, 1};
    CHECK(grid.weighted_distance<double>(1, {corner.data(), 7}, 0) == Approx(std::sqrt(5)));
    const std::vector<double> spread{0.5, 0.25, 0.25, 0, 0, 0, 0};
    CHECK(grid.weighted_distance<double>(1, {spread.data(), 7}, 0) == Approx(0.25));
}

TEST_CASE("weights may begin behind key 0") {
    const PatchGrid grid(1, 4, 0);
    const std::vector<double> last_two{0.5, 0.5};
    CHECK(grid.weighted_distance<double>(0, {last_two.data(), 2}, 2) == Approx(2.5));
}

TEST_CASE("a grid is written as rows x columns, with the tokens before it") {
    const PatchGrid grid = parse_grid("2x3+1", 7);
    CHECK(grid.rows() == 2);
    CHECK(grid.columns() == 3);
    CHECK(grid.extra() == 1);
    for (const char* text : {"2x3", "3x2", "x", "2x", "0x7", "7x1+", "2*3+1", "-2x3+1"})
        CHECK_THROWS_AS(parse_grid(text, 7), Error);
}
