#include "attention/approx/top_weights.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>

#include "support/approx_head.hpp"

using namespace attn;
using namespace attn::test;

namespace {

// Keys of a row from the largest weight down, of equal ones the lower first.
std::vector<std::size_t> ranked(const approx::ExactRows::Row& row) {
    std::vector<std::size_t> keys(row.allowed.size());
    std::iota(keys.begin(), keys.end(), row.allowed.begin);
    std::stable_sort(keys.begin(), keys.end(),
                     [&](std::size_t a, std::size_t b) { return row.weights[a] > row.weights[b]; });
    return keys;
}

std::size_t count_of(const std::vector<bool>& kept, const KeyRange& allowed) {
    std::size_t count = 0;
    for (std::size_t key = allowed.begin; key < allowed.end; ++key) count += kept[key];
    return count;
}

}  // namespace

TEST_CASE("topk keeps the k largest weights of each row") {
    const RandomHead head(20, 17, -2, true, 5);
    approx::Options options;
    options.set("k", 4.0);
    const auto topk = approx::top_k(options, head.input);
    for (std::size_t query = 0; query < 20; ++query) {
        const auto row = head.row(query);
        const auto kept = head.kept(*topk, query);
        const auto keys = ranked(row);
        for (std::size_t i = 0; i < keys.size(); ++i) CHECK(kept[keys[i]] == (i < 4));
    }
}

TEST_CASE("topk takes the lower of two equal keys") {
    const std::vector<double> weights{0.2, 0.3, 0.2, 0.2, 0.1};
    approx::ExactRows::Row row;
    row.weights = {weights.data(), weights.size()};
    row.allowed = {0, 5};
    approx::Options options;
    options.set("k", 3.0);
    std::vector<std::uint8_t> keep(5);
    approx::top_k(options, {})->keep(row, {0, 5}, keep.data());
    CHECK(keep == std::vector<std::uint8_t>{1, 1, 1, 0, 0});
}

TEST_CASE("topp keeps the fewest largest weights that hold its share") {
    const RandomHead head(40, 40, 0, true, 6);
    for (const double p : {0.0, 0.3, 0.9, 1.0}) {
        approx::Options options;
        options.set("p", p);
        const auto topp = approx::top_p(options, head.input);
        for (std::size_t query = 0; query < 40; ++query) {
            const auto row = head.row(query);
            const auto keys = ranked(row);
            std::size_t needed = 0;
            double sum = 0;
            while (needed < keys.size() && (needed == 0 || sum < p - 1e-12))
                sum += row.weights[keys[needed++]];
            INFO("p " << p << " query " << query);
            CHECK(count_of(head.kept(*topp, query), row.allowed) == needed);
        }
    }
}

TEST_CASE("a threshold is a share of the largest weight of the row") {
    const RandomHead head(10, 10, 0, false, 7);
    approx::Options options;
    options.set("t", 0.2);
    const auto threshold = approx::above_threshold(options, head.input);
    for (std::size_t query = 0; query < 10; ++query) {
        const auto row = head.row(query);
        const double largest = row.weights[ranked(row).front()];
        const auto kept = head.kept(*threshold, query);
        for (std::size_t key = 0; key < 10; ++key)
            CHECK(kept[key] == (row.weights[key] >= 0.2 * largest));
    }
}

TEST_CASE("the largest cells of a head are as many as its share says, and no other is larger") {
    const RandomHead head(15, 15, 0, true, 8);
    for (const double share : {0.0, 0.1, 0.5, 1.0}) {
        approx::Options options;
        options.set("share", share);
        const auto largest = approx::largest_of_head(options, head.input);
        std::size_t count = 0;
        double least_kept = 2, most_left = -1;
        for (std::size_t query = 0; query < 15; ++query) {
            const auto kept = head.kept(*largest, query);
            for (std::size_t key = 0; key <= query; ++key) {
                const double weight = head.row(query).weights[key];
                count += kept[key];
                if (kept[key])
                    least_kept = std::min(least_kept, weight);
                else
                    most_left = std::max(most_left, weight);
            }
        }
        CHECK(count == static_cast<std::size_t>(share * 120));
        CHECK(least_kept > most_left);
    }
}
