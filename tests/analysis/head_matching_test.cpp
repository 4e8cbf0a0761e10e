// Heads are found again by their numbers, whatever place they stand in.
#include "analysis/head_matching.hpp"

#include <catch2/catch.hpp>

#include "support/arrays.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

using Order = std::vector<std::size_t>;

// Weights of as many heads, five numbers each; head order[h] is seen in place h.
Faced faced(const Order& order, double noise) {
    constexpr std::size_t count = 5;
    const Array<double> numbers = random_array<double>({order.size() * count}, 3);
    const Array<double> off = random_array<double>({order.size() * count}, 4);
    Faced result;
    result.width = count;
    result.expected.assign(numbers.data(), numbers.data() + numbers.size());
    for (std::size_t i = 0; i < numbers.size(); ++i)
        result.seen.push_back(numbers.data()[order[i / count] * count + i % count] +
                              noise * off.data()[i]);
    return result;
}

std::optional<Order> matched(const Order& order, double noise) {
    HeadMatching matching(Observed::weights, order.size(), 1);
    matching.add(faced(order, noise));
    return matching.order();
}

}  // namespace

TEST_CASE("any order of heads is found, also in half precision") {
    for (const Order& order :
         {Order{0, 1, 2}, Order{2, 1, 0}, Order{1, 2, 3, 0}, Order{4, 0, 3, 2, 1}}) {
        CHECK(matched(order, 0) == order);
        CHECK(matched(order, 1e-3) == order);
    }
}

TEST_CASE("a head that is none of the computed ones has no order") {
    CHECK_FALSE(matched({0, 2, 1}, 0.5).has_value());
}

TEST_CASE("a head that stands in two places has no order") {
    CHECK_FALSE(matched({0, 0, 2}, 0).has_value());
}

TEST_CASE("the order of heads is told in words") {
    CHECK(order_text({0, 1, 2}).empty());
    CHECK(order_text({2, 1, 0}) == "heads 0 and 2 changed places");
    CHECK(order_text({1, 0, 3, 2}) == "heads 0 and 1, 2 and 3 changed places");
    CHECK(order_text({1, 2, 0}) == "head 0 is 1, head 1 is 2, head 2 is 0");
}
