#include "attention/approx/hash_methods.hpp"

#include <catch2/catch.hpp>

using namespace attn::approx;

TEST_CASE("hashing costs its products, and codes are read beside the kept keys") {
    CostInputs inputs;
    inputs.sizes = {40, 40, 8, 8, 0};
    inputs.kept_cells = 263;
    inputs.kept_last = 19;
    Options options;
    options.set("buckets", 8.0);
    options.set("rounds", 2.0);
    const Cost cost = hash_methods().front().cost(options, inputs);
    CHECK(cost.flops == 18656);
    CHECK(cost.kept_bytes == 2590);
    CHECK(cost.read_bytes == 1246);
}
