#include "attention/approx/quantiser_methods.hpp"

#include <catch2/catch.hpp>

using namespace attn::approx;

TEST_CASE("every preset has every option of quant") {
    const std::vector<MethodRow> rows = quantiser_methods();
    for (const MethodRow& row : rows) {
        if (!row.inputs) continue;
        for (const OptionRow& option : rows.front().options) {
            CAPTURE(row.name, option.name);
            CHECK(row.find(option.name) != nullptr);
        }
    }
}

TEST_CASE("bits run over a list of their own") {
    CHECK(quantiser_methods().front().budget_values == std::vector<double>{8, 6, 5, 4, 3, 2});
}
