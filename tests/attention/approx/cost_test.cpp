#include "attention/approx/cost.hpp"

#include <catch2/catch.hpp>

using namespace attn::approx;

namespace {

CostInputs some_inputs() {
    CostInputs inputs;
    inputs.sizes = {10, 12, 3, 5, 0};
    inputs.element_bytes = 2;
    inputs.cells = 100;
    inputs.kept_cells = 30;
    inputs.allowed_last = 12;
    inputs.kept_last = 4;
    return inputs;
}

}  // namespace

TEST_CASE("exact attention costs two operations a multiply-add of both products") {
    const Cost cost = exact_cost(some_inputs());
    CHECK(cost.flops == 2 * 100 * 8);
    CHECK(cost.kept_bytes == 2 * 12 * 8);
    CHECK(cost.read_bytes == 2 * 12 * 8);
}

TEST_CASE("rows that keep some keys cost those, and scores where they are looked at") {
    CHECK(sparse_cost(some_inputs()).flops == 2 * 30 * 8);
    CHECK(sparse_cost(some_inputs()).read_bytes == 2 * 4 * 8);
    CHECK(bounded_cost(some_inputs(), 7).kept_bytes == 2 * 7 * 8);
    CHECK(bounded_cost(some_inputs(), 700).kept_bytes == 2 * 12 * 8);
    CHECK(scored_cost(some_inputs()).flops == 2 * 100 * 3 + 2 * 30 * 5);
    CHECK(scored_cost(some_inputs()).read_bytes == 2 * (12 * 3 + 4 * 5));
}

TEST_CASE("tiles move fewer bytes than scores and weights that are written and read") {
    const IoBytes bytes = exact_io(some_inputs(), {6, 12});
    CHECK(bytes.standard == 2 * (30 + 36 + 60 + 50 + 400));
    CHECK(bytes.tiled == 2 * (30 + 50 + 18 * 8));
}
