#include "pipeline/photo_overlay.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"

using namespace attn;
using pipeline::parse_targets;

TEST_CASE("targets are the class token, patches and queries") {
    const analysis::PatchGrid grid(3, 4, 1);
    const auto targets = parse_targets("cls;2,3;7", grid);
    REQUIRE(targets.size() == 3);
    CHECK(targets[0].query == 0);
    CHECK(targets[1].query == 1 + 2 * 4 + 3);
    CHECK(targets[1].name == "patch 2,3");
    CHECK(targets[2].query == 7);
}

TEST_CASE("what is not on the grid is refused by name") {
    const analysis::PatchGrid grid(3, 4, 0);
    for (const char* text : {"cls", "3,0", "0,4", "-1,0", "12", "foo", "", "1,2,3", "0,0;"}) {
        INFO(text);
        CHECK_THROWS_WITH(parse_targets(text, grid), Catch::Contains("--targets"));
    }
}
