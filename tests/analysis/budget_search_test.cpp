#include "analysis/budget_search.hpp"

#include <catch2/catch.hpp>

using namespace attn::analysis;

TEST_CASE("the ladder has two steps for every doubling and ends at the top") {
    CHECK(budget_ladder(1) == std::vector<std::size_t>{1});
    CHECK(budget_ladder(4) == std::vector<std::size_t>{1, 2, 3, 4});
    CHECK(budget_ladder(25) == std::vector<std::size_t>{1, 2, 3, 4, 6, 8, 12, 16, 24, 25});
    CHECK(budget_ladder(24) == std::vector<std::size_t>{1, 2, 3, 4, 6, 8, 12, 16, 24});
}

TEST_CASE("the smallest budget is found between two steps") {
    for (const std::size_t wanted : {1, 2, 5, 13, 24, 25})
        CHECK(smallest_budget(25, [&](std::size_t b) { return b >= wanted; }) == wanted);
    CHECK_FALSE(smallest_budget(25, [](std::size_t) { return false; }));
    // 2 passes, but not all that are larger.
    CHECK(smallest_budget(25, [](std::size_t b) { return b == 2 || b > 10; }) == 11u);
}

TEST_CASE("of steps the first counts from which on all pass") {
    CHECK(first_of_passing({2, 3, 4}, [](std::size_t b) { return b != 3; }) == 4u);
    CHECK(first_of_passing({2, 3, 4}, [](std::size_t) { return true; }) == 2u);
    CHECK_FALSE(first_of_passing({2, 3, 4}, [](std::size_t b) { return b < 4; }));
}
