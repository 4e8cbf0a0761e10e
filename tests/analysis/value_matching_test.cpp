#include "analysis/value_matching.hpp"

#include <catch2/catch.hpp>

#include "support/arrays.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

// What heads in this order add up to.
ValueParts added_up(const std::vector<std::size_t>& order, std::size_t cells) {
    ValueParts all;
    all.heads = order.size();
    const Array<double> parts = random_array<double>({all.heads * all.heads, cells}, 1);
    for (std::size_t part = 0; part < all.heads * all.heads; ++part)
        all.parts.emplace_back(parts.data() + part * cells, parts.data() + (part + 1) * cells);
    all.seen.assign(cells, 0.0);
    for (std::size_t place = 0; place < all.heads; ++place) {
        for (std::size_t cell = 0; cell < cells; ++cell)
            all.seen[cell] += parts.data()[(place * all.heads + order[place]) * cells + cell];
    }
    return all;
}

}  // namespace

TEST_CASE("whose values add up to an output is told for any order of the heads") {
    for (const std::vector<std::size_t>& order :
         {std::vector<std::size_t>{0, 1, 2, 3}, {2, 1, 0, 3}, {3, 0, 1, 2}})
        CHECK(match_values(added_up(order, 64)) == order);
}

TEST_CASE("values of one head in two places are no order") {
    CHECK_FALSE(match_values(added_up({1, 1, 2, 3}, 64)));
}

TEST_CASE("parts that are all zero tell nothing") {
    CHECK_FALSE(match_values({2, {4, std::vector<double>(8, 0.0)}, std::vector<double>(8, 1.0)}));
}

TEST_CASE("few numbers are all taken, and of many about as many as wanted") {
    CHECK(thin_out(5, 100).size() == 5);
    const std::vector<std::size_t> some = thin_out(1000, 100);
    CHECK(some.size() == 100);
    CHECK(some[1] == 10);
}
