#include "attention/approx/factor_methods.hpp"

#include <catch2/catch.hpp>

#include "attention/approx/applies.hpp"
#include "attention/approx/spec.hpp"
#include "core/error.hpp"

using namespace attn::approx;

TEST_CASE("factors cost what their formulas say") {
    CostInputs inputs;
    inputs.sizes = {20, 36, 8, 4, 0};
    inputs.cells = 720;
    inputs.allowed_last = 36;
    Options options;
    const auto cost_of = [&](const char* name) {
        for (const MethodRow& row : factor_methods()) {
            if (row.name == name) return row.cost(options, inputs);
        }
        FAIL(name);
        return Cost{};
    };
    options.set("k", 7.0);
    options.set("projection", std::string("jl"));
    CHECK(cost_of("linformer").flops == 24736);
    options.set("projection", std::string("pool"));
    CHECK(cost_of("linformer").flops == 2 * 7 * 56 * 12);
    CHECK(cost_of("linformer").kept_bytes == 336);
    options.set("rank", 100.0);  // no more than d_head columns are there
    CHECK(cost_of("lowrank-scores").flops == 2 * 56 * 64 + 2 * 720 * 12);
    CHECK(cost_of("lowrank-values").kept_bytes == 4 * 36 * 12);
    options.set("landmarks", 4.0);
    options.set("iterations", std::string("exact"));
    CHECK(cost_of("nystrom").read_bytes == 4 * 4 * 12);
}

TEST_CASE("projections of linformer that nobody can give are refused") {
    CHECK(parse_specs("linformer:projection=pool").size() == 1);
    CHECK_THROWS_WITH(parse_specs("linformer:projection=learned"),
                      Catch::Contains("needs one of gaussian, pool, jl, file"));
    Circumstances is;
    const Spec from_file = parse_specs("linformer:projection=file").front();
    CHECK_THAT(why_not(from_file, is), Catch::Contains("--linformer-e"));
    is.projection_files = true;
    CHECK(why_not(from_file, is).empty());
}
