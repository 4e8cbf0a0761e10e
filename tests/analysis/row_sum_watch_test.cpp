#include "analysis/row_sum_watch.hpp"

#include <catch2/catch.hpp>
#include <numeric>
#include <vector>

#include "core/parallel.hpp"

using namespace attn;
using namespace attn::analysis;

namespace {

void see(RowSumWatch& watch, FarRow row, const std::vector<double>& weights) {
    row.sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    watch.see(row);
}

}  // namespace

TEST_CASE("rows that add up to one, to nearly one and to nothing are no reason for doubt") {
    RowSumWatch watch(false);
    see(watch, {0, 0, 0, 0, 0}, {0.5, 0.5});
    see(watch, {0, 0, 0, 1, 0}, {0.5, 0.505});
    see(watch, {0, 0, 0, 2, 0}, {0, 0});
    see(watch, {0, 0, 0, 3, 0}, {});
    CHECK_FALSE(watch.first());
}

TEST_CASE("the first row by layer, sequence, head and query is kept, whoever comes first") {
    const std::vector<FarRow> rows{{1, 0, 0, 0, 0}, {0, 1, 0, 0, 0}, {0, 0, 2, 0, 0},
                                   {0, 0, 1, 7, 0}, {0, 0, 1, 5, 0}, {2, 0, 0, 1, 0}};
    RowSumWatch watch(false);
    parallel_for(rows.size(), [&](std::size_t i) { see(watch, rows[i], {2, 1}); });
    REQUIRE(watch.first());
    CHECK(watch.first()->head == 1);
    CHECK(watch.first()->query == 5);
    CHECK(watch.first()->sum == 3);
}

TEST_CASE("a sink may take its part of a row, and may not add to it") {
    RowSumWatch watch(true);
    see(watch, {0, 0, 0, 0, 0}, {0.25, 0.25});
    CHECK_FALSE(watch.first());
    see(watch, {0, 0, 0, 1, 0}, {0.75, 0.75});
    REQUIRE(watch.first());
    CHECK(watch.first()->sum == 1.5);
}
