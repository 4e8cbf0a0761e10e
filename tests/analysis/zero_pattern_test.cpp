#include "analysis/zero_pattern.hpp"

#include <catch2/catch.hpp>
#include <random>

using namespace attn;
using namespace attn::analysis;

namespace {

RowZeros row_of(const std::vector<float>& weights, std::ptrdiff_t position) {
    return zeros_of<float>({weights.data(), weights.size()}, {0, weights.size()}, nullptr,
                           position);
}

}  // namespace

TEST_CASE("weights are counted before, at and behind the query") {
    const RowZeros row = row_of({0, 0.25F, 0.25F, 0, 0.5F}, 2);
    CHECK(row.zeros == 2);
    CHECK(row.first_zero == 0);
    CHECK((row.first == 1 && row.last == 4));
    CHECK((row.before == 1 && row.self == 1 && row.after == 1));
    CHECK(row.first_after == 4);
    CHECK(row.smallest == 0.25);
}

TEST_CASE("a row without zeros is counted as one with them, wherever its query stands") {
    for (const std::ptrdiff_t position : {-3, -1, 0, 2, 3, 4, 9}) {
        // A mask that forbids nothing takes the way through every cell.
        const std::vector<float> weights{0.25F, 0.25F, 0.25F, 0.25F};
        const std::vector<std::uint8_t> masked(4, 0);
        const RowZeros fast = row_of(weights, position);
        const RowZeros slow = zeros_of<float>({weights.data(), 4}, {0, 4}, masked.data(), position);
        INFO(position);
        CHECK((fast.before == slow.before && fast.self == slow.self && fast.after == slow.after));
        CHECK((fast.first == slow.first && fast.last == slow.last && fast.attends));
        if (slow.after > 0) CHECK(fast.first_after == slow.first_after);
    }
}

TEST_CASE("a window is what all rows keep to that it cuts") {
    std::vector<RowZeros> rows;
    for (std::size_t query = 0; query < 6; ++query) {
        std::vector<float> weights(6, 0);
        for (std::size_t key = query < 2 ? 0 : query - 2; key <= query; ++key) weights[key] = 0.3F;
        rows.push_back(row_of(weights, static_cast<std::ptrdiff_t>(query)));
    }
    const std::vector<std::uint32_t> may(6, 6);
    const std::vector<std::uint8_t> attended(6, 1);
    CHECK(pattern_of(rows, may, attended).left == 2);
    CHECK(pattern_of(rows, may, attended).right == 0);
    rows[4].first = 1;
    CHECK_FALSE(pattern_of(rows, may, attended).left.has_value());
}

TEST_CASE("keys that nobody attends count where several might") {
    const std::vector<RowZeros> rows(3);
    CHECK(pattern_of(rows, {3, 2, 1}, {1, 0, 0}).unattended == std::vector<std::size_t>{1, 2});
    CHECK(pattern_of(rows, {3, 2, 1}, {1, 1, 0}).unattended.empty());
    CHECK(pattern_of({RowZeros{}}, {1, 1}, {1, 0}).unattended == std::vector<std::size_t>{1});
}
