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
    method.options.set("sinks", 0.0);
    method.options.set("dilation", 1.0);
    method.options.set("features", 32.0);
    method.errors[256] = 0.25;
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
    CHECK(growth.rows[0].exponent < 2);                        // projections grow with n alone
    CHECK(growth.rows[1].exponent == Approx(1).margin(0.02));  // the first rows see fewer keys
    CHECK(growth.rows[1].errors[0] == 0.25);
    CHECK(std::isnan(growth.rows[1].errors[1]));
    CHECK(std::isnan(growth.rows[0].errors[0]));  // longer than the input
    CHECK(growth.rows[5].costs[1].sequential_steps == 4096);
    CHECK(std::isnan(growth.rows[5].errors[0]));
    CHECK(growth.crossings.core == 512);
}

TEST_CASE("one length has no exponent") {
    CHECK(std::isnan(grow_layers({10, 8, 2, false}, {7}, {}).rows[0].exponent));
}

TEST_CASE("lines follow the formula between the lengths that were asked for") {
    const LayerGrowth growth = grow_layers({100, 64, 4, true}, {16, 65536}, {});
    REQUIRE(growth.curve_lengths.size() > 40);
    CHECK(growth.curve_lengths.front() == 16);
    CHECK(growth.curve_lengths.back() == 65536);
    const GrowthRow& attention = growth.rows[0];
    CHECK(attention.curve.front() == static_cast<double>(attention.costs[0].flops));
    // Projections first, scores later: no straight line.
    const double middle = attention.curve[growth.curve_lengths.size() / 2];
    CHECK(middle < 0.5 * std::sqrt(attention.curve.front() * attention.curve.back()));
}

TEST_CASE("times that were measured have an exponent of their own") {
    const LayerGrowth growth =
        grow_layers({100, 64, 4, true}, {16, 64}, {},
                    {{"attention", {{16, 0.5}, {64, 8.0}}}, {"rnn", {{16, 1}}}});
    CHECK(growth.rows[0].time_exponent == Approx(2));
    CHECK(growth.rows[1].times[0] == 1);
    CHECK(std::isnan(growth.rows[1].time_exponent));
}
