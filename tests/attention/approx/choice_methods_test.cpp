#include "attention/approx/choice_methods.hpp"

#include <catch2/catch.hpp>

using namespace attn::approx;

TEST_CASE("choosing blocks costs what was scored beside what was kept") {
    CostInputs inputs;
    inputs.sizes = {40, 40, 8, 8, 0};
    inputs.kept_cells = 100;
    inputs.kept_last = 10;
    inputs.scored = 30;
    Options options;
    options.set("page", 16.0);
    for (const MethodRow& row : choice_methods()) {
        const Cost cost = row.cost(options, inputs);
        CAPTURE(row.name);
        const std::uint64_t kept = 2 * 100 * 16;
        if (row.name == "quest") {
            CHECK(cost.flops == kept + 4 * 8 * 30);
            CHECK(cost.read_bytes == 4 * 10 * 16 + 2 * 4 * 8 * 3);
        } else if (row.name == "block-topk" || row.name == "vertical-slash") {
            CHECK(cost.flops == kept + 2 * 8 * 30);
        } else {
            CHECK(cost.flops == kept);
        }
        if (row.name == "evict") CHECK(cost.kept_bytes == 4 * 10 * 16);
    }
}
