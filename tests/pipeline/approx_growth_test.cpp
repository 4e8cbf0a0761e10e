#include "pipeline/approx_growth.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace attn;
using namespace attn::pipeline;

namespace {

const approx::Sizes kSizes{64, 64, 8, 8, 0};

// A window has a formula for layers, factors have none.
ChosenMethods methods() {
    ApproxSurroundings around;
    around.sizes = kSizes;
    around.is.cells = 64 * 64;
    return ChosenMethods({"local:window=4,svd:rank=2", {}, 0, 1}, around, nullptr);
}

}  // namespace

TEST_CASE("layers grow by the methods that have a formula, with the errors of the input's length") {
    const ChosenMethods chosen = methods();
    ApproxRequest request;
    request.growth = {32, 64, 128};
    std::vector<results::ApproxRow> rows = chosen.rows();
    for (results::ApproxRow& row : rows) row.run.context_error = 0.5;
    const auto sink = growth_sink<double>(request, chosen, kSizes);
    const analysis::LayerGrowth growth =
        growth_of(request, {64, 32, 4, false}, chosen, kSizes, rows, ApproxTarget::context, *sink);
    CHECK(growth.lengths == std::vector<std::size_t>{32, 64, 128});
    std::vector<std::string> layers;
    for (const analysis::GrowthRow& row : growth.rows) {
        if (row.is_recurrent) continue;
        layers.push_back(row.layer);
        if (row.layer == "attention") continue;
        CHECK(std::isnan(row.errors[0]));  // nothing was streamed
        CHECK(row.errors[1] == 0.5);
        CHECK(std::isnan(row.errors[2]));
    }
    CHECK(layers == std::vector<std::string>{"attention", "local:window=4"});
}
