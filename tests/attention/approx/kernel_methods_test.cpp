#include "attention/approx/kernel_methods.hpp"

#include <catch2/catch.hpp>

using namespace attn::approx;

namespace {

CostInputs inputs_of(std::size_t n) {
    CostInputs inputs;
    inputs.sizes = {n, n, 64, 64, 0};
    inputs.cells = n * n;
    return inputs;
}

}  // namespace

TEST_CASE("a performer pays only at some length") {
    const MethodRow performer = kernel_methods().front();
    Options options;
    options.set("features", 266.0);
    const auto ratio = [&](std::size_t n) {
        return static_cast<double>(performer.cost(options, inputs_of(n)).flops) /
               static_cast<double>(exact_cost(inputs_of(n)).flops);
    };
    CHECK(ratio(128) > 1);
    CHECK(ratio(8192) < 0.1);
    CHECK(performer.find("features")->default_of({10, 10, 64, 64, 0}) == 266);
    CHECK(performer.find("features")->default_of({10, 10, 1, 1, 0}) == 1);
}

TEST_CASE("a linear kernel computes no features and keeps d (d + 1) numbers") {
    const MethodRow linear = kernel_methods()[1];
    const Cost cost = linear.cost({}, inputs_of(10));
    CHECK(cost.flops == 2 * 64 * 64 * 20 + 2 * 10 * 64);
    CHECK(cost.kept_bytes == 4 * 64 * 65);
}
