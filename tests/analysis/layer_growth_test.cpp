#include "analysis/layer_growth.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace attn;
using namespace attn::analysis;

namespace {

GrowthMethod method_called(const char* name) {
    GrowthMethod method;
    method.spec = name;
    method.method = approx::find_method(name);
    method.options.set("window", 64.0);
    method.options.set("features", 32.0);
    method.error = 0.25;
    return method;
}

}  // namespace

TEST_CASE("layers grow beside each other, recurrent ones last") {
    const LayerGrowth growth =
        grow_layers({100, 64, 4, true}, {4096, 256, 4096, 65536},
                    {method_called("local"), method_called("topk"), method_called("performer")});
    CHECK(growth.lengths == std::vector<std::size_t>{256, 4096, 65536});
    std::vector<std::string> names;
    for (const GrowthRow& row : growth.rows) names.push_back(row.layer);
    CHECK(names ==
          std::vector<std::string>{"attention", "local", "performer", "rnn", "gru", "lstm"});
    CHECK(growth.rows[0].exponent > 1.5);
    CHECK(growth.rows[0].exponent < 2);  // projections grow with n alone
    CHECK(growth.rows[1].exponent == Approx(1));
    CHECK(growth.rows[1].error == 0.25);
    CHECK(growth.rows[5].costs[1].sequential_steps == 4096);
    CHECK(std::isnan(growth.rows[5].error));
    CHECK(growth.crossings.core == 512);
}

TEST_CASE("one length has no exponent") {
    CHECK(std::isnan(grow_layers({10, 8, 2, false}, {7}, {}).rows[0].exponent));
}
