#include "analysis/approximation_error.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/error.hpp"

using namespace attn::analysis;

namespace {

RowError some_row(std::size_t query, double error) {
    RowError row;
    row.query = query;
    row.weights_squares = 1;
    row.weights_error_squares = error * error;
    row.context_squares = 4;
    row.context_error_squares = 4 * error * error;
    row.cosine = 1 - error;
    row.kept_mass = 1 - error;
    row.tv = error;
    row.cells = 10;
    row.kept = 5;
    return row;
}

}  // namespace

TEST_CASE("rows that were folded in blocks give the sums of rows in their order") {
    ErrorSums whole, first, second;
    for (std::size_t query = 0; query < 6; ++query) {
        const RowError row = some_row(query, 0.1 * static_cast<double>(query % 4));
        whole.add(row);
        (query < 3 ? first : second).add(row);
    }
    first.add(second);
    const ApproxMeasures a = whole.measures(true), b = first.measures(true);
    for (const ApproxMeasure& measure : approx_measures()) {
        INFO(measure.name);
        const double x = a.*measure.value, y = b.*measure.value;
        CHECK((std::isnan(x) ? std::isnan(y) : x == Approx(y)));
    }
    CHECK(a.worst_row == 3);
    CHECK(a.kept_mass_min_row == 3);
    CHECK(a.worst_row_error == Approx(0.3));
    CHECK(a.density == Approx(0.5));
}

TEST_CASE("what no row has is not defined") {
    CHECK(std::isnan(ErrorSums().measures(true).kept_mass));
    ErrorSums sums;
    RowError row = some_row(0, 0.5);
    row.context_squares = row.context_error_squares = kNoMeasure;
    sums.add(row);
    CHECK(std::isnan(sums.measures(true).context_error));
    CHECK(std::isnan(sums.measures(true).kl));
    CHECK(std::isnan(sums.measures(false).cells));
    CHECK(sums.measures(true).weights_error == Approx(0.5));
}

TEST_CASE("errors of heads pool, the worst row is that of the worst head, the rest are means") {
    ErrorSums a, b;
    a.add(some_row(0, 0.1));
    b.add(some_row(0, 0.0));
    b.add(some_row(1, 0.4));
    const ApproxMeasures of_a = a.measures(true), of_b = b.measures(true);
    std::size_t worst = 0, least = 0;
    const ApproxMeasures all = pooled_measures({&a, &b}, {&of_a, &of_b}, worst, least);
    CHECK(all.weights_error == Approx(std::sqrt((0.01 + 0.16) / 3)));
    CHECK(all.worst_row_error == Approx(0.4));
    CHECK(all.worst_row == 1);
    CHECK(worst == 1);
    CHECK(least == 1);
    CHECK(all.kept_mass == Approx((0.9 + 0.8) / 2));
    CHECK(all.cells == 15);
}

TEST_CASE("a measure that nobody knows is answered with the nearest one") {
    CHECK_THROWS_WITH(find_approx_measure("kept_mas", "--sort"),
                      Catch::Contains("did you mean kept_mass?"));
}
