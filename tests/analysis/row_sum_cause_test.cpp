#include "analysis/row_sum_cause.hpp"

#include <catch2/catch.hpp>
#include <vector>

using attn::MatrixView;
using attn::analysis::name_row_sum_cause;

namespace {

std::string cause_of(const std::vector<double>& cells, std::size_t columns) {
    return name_row_sum_cause<double>({cells.data(), cells.size() / columns, columns}, 1e-5);
}

}  // namespace

TEST_CASE("columns that sum to one say that the matrix is transposed") {
    CHECK_THAT(cause_of({0.25, 0.5, 0.75, 0.5}, 2), Catch::Contains("the matrix is transposed"));
}

TEST_CASE("one sum of all rows that is a whole number says how many heads were added up") {
    CHECK(cause_of({1, 2, 2, 1, 3, 0}, 2) == "every sum is 3: 3 heads were added up, not averaged");
    CHECK(cause_of({0.25, 0.25, 0.125, 0.375, 0.5, 0}, 2) ==
          "every sum is 1/2: averaged over 2 once too often");
}

TEST_CASE("a sum of 100 in all rows is per cent, which nobody gets by adding up heads") {
    CHECK(cause_of({25, 75, 60, 40}, 2) == "every sum is 100: the weights are per cent");
}

TEST_CASE("a head of zeros lacks no sink column, it has nothing") {
    CHECK(cause_of({0, 0, 0, 0}, 2) == "this head has no weight at all");
}

TEST_CASE("sums that are all below one point at a column that is missing") {
    CHECK_THAT(cause_of({0.5, 0.3, 0.1, 0.5, 0.2, 0.45}, 2),
               Catch::Contains("every sum of this head is below 1"));
}

TEST_CASE("zeros and sums on both sides of one are dropout") {
    // Kept weights of 1/4 become 1/2 where half of them are dropped.
    std::vector<double> cells;
    for (std::size_t row = 0; row < 16; ++row) {
        const std::size_t kept = row % 2 == 0 ? 1 : 3;
        for (std::size_t key = 0; key < 4; ++key) cells.push_back(key >= 4 - kept ? 0.5 : 0);
    }
    CHECK_THAT(cause_of(cells, 4), Catch::Contains("dropout was left on (about p = 0.5"));
}

TEST_CASE("where nothing explains the sums nothing is said") {
    CHECK(cause_of({0.9, 0.3, 0.4, 0.45, 1.3, 0.2}, 2).empty());
}
