#include "analysis/head_stats.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "core/error.hpp"

using namespace attn;
using namespace attn::analysis;

TEST_CASE("every measure has a name of its own and a meaning") {
    std::set<std::string> names;
    for (const Measure& measure : measures()) {
        CHECK(names.insert(measure.name).second);
        CHECK_FALSE(std::string(measure.meaning).empty());
        CHECK(find_measure(measure.name, "--sort").value == measure.value);
    }
}

TEST_CASE("an unknown measure is refused with the flag and the nearest name") {
    CHECK_THROWS_WITH(find_measure("entrpy", "--sort"),
                      Catch::Contains("--sort") && Catch::Contains("entropy"));
}

TEST_CASE("a head without a row that has a key has no measures") {
    const HeadStats head = summarise(std::vector<RowStats>(3), PatternScore::mul);
    for (const Measure& measure : measures()) {
        INFO(measure.name);
        CHECK(std::isnan(head.*measure.value));
    }
}

TEST_CASE("pattern scores are the share of weight, or the distance from the perfect head") {
    RowStats row;
    row.keys = 4;
    row.sum = row.counted = 1;
    row.previous_token = {0.75, 1};
    row.duplicate_token = row.induction = {0, 0};
    const std::vector<RowStats> rows{row, row};
    CHECK(summarise(rows, PatternScore::mul).previous_token == Approx(0.75));
    // In each row the cell on the pattern is off by 0.25, the others hold 0.25 in all.
    CHECK(summarise(rows, PatternScore::abs).previous_token == Approx(1 - 0.5));
}
