#include "pipeline/approx_costs.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace attn;
using namespace attn::pipeline;

namespace {

ChosenMethods window_and_factors() {
    ApproxSurroundings around;
    around.sizes = {64, 64, 8, 8, 0};
    around.is.cells = 64 * 64;
    return ChosenMethods({"local:window=4,svd:rank=2", {}, 0, 1}, around, nullptr);
}

// A line for each of two layers.
std::vector<results::ApproxRow> rows_of(const ChosenMethods& chosen) {
    std::vector<results::ApproxRow> rows = chosen.rows();
    for (results::ApproxRow& row : rows) {
        row.layers.resize(2);
        row.layers[1].layer = 1;
    }
    return rows;
}

}  // namespace

TEST_CASE("seconds of layers add up to those of the run, and are told of the layer they are of") {
    const ChosenMethods chosen = window_and_factors();
    results::ApproxReport report;
    report.methods = rows_of(chosen);
    tell_times({{0, 4, {4.0, 1.0, std::nullopt}}, {1, 2, {2.0, 1.0, std::nullopt}}}, chosen,
               report);
    CHECK(report.exact_time == 6);
    REQUIRE(report.methods.size() == 3);
    const results::ApproxRow& window = report.methods[1];
    CHECK(window.run.time == 2);
    CHECK(window.run.time_ratio == Approx(1.0 / 3));
    CHECK(window.layers[0].measures.time_ratio == 0.25);
    CHECK(window.layers[1].measures.time_ratio == 0.5);
    CHECK(std::isnan(report.methods[2].run.time));  // no fast path
}

TEST_CASE("the run has a length from which a method pays where all its layers are as wide") {
    const ChosenMethods chosen = window_and_factors();
    const auto told = [&](std::size_t width_of_second) {
        std::vector<results::ApproxRow> rows = rows_of(chosen);
        tell_pays_from(
            chosen, false,
            [&](std::size_t layer) {
                const std::size_t width = layer == 0 ? 8 : width_of_second;
                return approx::Sizes{64, 64, width, width, 0};
            },
            rows);
        return rows[1];
    };
    const results::ApproxRow same = told(8);
    CHECK(same.run.pays_from > 4);
    CHECK(same.layers[1].measures.pays_from == same.run.pays_from);
    CHECK(std::isnan(told(16).run.pays_from));
}
