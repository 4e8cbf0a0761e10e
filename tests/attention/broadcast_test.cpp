#include "attention/broadcast.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "core/error.hpp"

using namespace attn;

namespace {

const AttentionSizes kSizes{2, 3, 4, 5};

Broadcast<float> broadcast(const Shape& shape, std::vector<float> values) {
    return {Array<float>(shape, std::move(values)), kSizes, "m.npy", "--mask"};
}

std::vector<float> count_up(std::size_t count) {
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i);
    return values;
}

}  // namespace

TEST_CASE("a matrix stands for every head of every sequence") {
    const auto values = broadcast({4, 5}, count_up(20));
    CHECK(values.at(0, 0, 1, 2) == 7);
    CHECK(values.at(1, 2, 1, 2) == 7);
    CHECK(values.varies_by_query());
    CHECK(values.varies_by_key());
}

TEST_CASE("axes of length 1 repeat") {
    const auto values = broadcast({2, 1, 1, 5}, count_up(10));
    CHECK(values.at(1, 2, 3, 4) == 9);
    CHECK(values.at(1, 0, 0, 4) == 9);
    CHECK_FALSE(values.varies_by_query());
    CHECK(broadcast({3, 1, 1}, count_up(3)).at(1, 2, 3, 4) == 2);
}

TEST_CASE("keys beyond a shorter key axis have no value") {
    CHECK(broadcast({4, 3}, count_up(12)).keys() == 3);
    CHECK(broadcast({4, 5}, count_up(20)).keys() == 5);
}

TEST_CASE("an infinity below zero forbids") {
    CHECK(broadcast({1, 2}, {0, -std::numeric_limits<float>::infinity()}).forbids());
    CHECK_FALSE(broadcast({1, 2}, {0, -1e9f}).forbids());
}

TEST_CASE("what does not fit is refused with the file, the flag and both shapes") {
    CHECK_THROWS_WITH(broadcast({3, 5}, count_up(15)),
                      Catch::Contains("m.npy") && Catch::Contains("[3, 5]"));
    CHECK_THROWS_AS(broadcast({4, 6}, count_up(24)), Error);
    CHECK_THROWS_AS(broadcast({1, 1, 1, 4, 5}, count_up(20)), Error);
}
