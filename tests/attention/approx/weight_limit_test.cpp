#include "attention/approx/weight_limit.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

using namespace attn;
using approx::WeightLimit;

namespace {

struct Row {
    std::string what;
    std::vector<double> weights;
};

// Rows of all lengths: flat, sharp, with zeros, with few different weights, all equal.
std::vector<Row> rows() {
    std::mt19937 random(3);
    std::normal_distribution<double> normal(0, 1);
    std::vector<Row> all;
    for (const std::size_t size : {1, 2, 15, 16, 17, 31, 33, 100, 700, 3000}) {
        const auto add = [&](const std::string& what, const auto& weight) {
            Row row{what + " of " + std::to_string(size), {}};
            for (std::size_t i = 0; i < size; ++i) row.weights.push_back(weight(i));
            all.push_back(std::move(row));
        };
        add("flat", [&](std::size_t) { return std::exp(normal(random) - 7); });
        add("sharp", [&](std::size_t) { return std::exp(8 * normal(random) - 30); });
        add("half zeros", [&](std::size_t i) { return i % 2 == 0 ? 0 : std::exp(normal(random)); });
        add("three weights", [&](std::size_t) { return 0.25 * static_cast<double>(random() % 3); });
        add("equal", [](std::size_t) { return 0.125; });
        add("falling", [&](std::size_t i) { return 1 / static_cast<double>(i + 1); });
        add("one", [&](std::size_t i) { return i == size / 2 ? 1.0 : 1e-9; });
    }
    return all;
}

// Of the first `count` of the sorted weights.
void check_limit(const WeightLimit& limit, const std::vector<double>& sorted, std::size_t count) {
    CHECK(limit.limit == sorted[count - 1]);
    CHECK(limit.above + limit.ties == count);
    CHECK(limit.above ==
          static_cast<std::size_t>(std::count_if(sorted.begin(), sorted.end(),
                                                 [&](double w) { return w > limit.limit; })));
}

}  // namespace

TEST_CASE("the limit of a count is the weight that a sorted row has at its place") {
    for (Row& row : rows()) {
        const Span<const double> weights(row.weights.data(), row.weights.size());
        std::vector<double> sorted = row.weights;
        std::sort(sorted.begin(), sorted.end(), std::greater<>());
        const std::size_t size = sorted.size();
        for (const std::size_t count :
             {std::size_t{1}, size / 30, size / 4, size / 2, size - size / 20, size}) {
            if (count == 0) continue;
            INFO(row.what << ", the " << count << " largest");
            check_limit(approx::limit_of_count(weights, count), sorted, count);
        }
    }
}

TEST_CASE("the limit of a mass is the weight with which a sorted row reaches it") {
    for (Row& row : rows()) {
        const Span<const double> weights(row.weights.data(), row.weights.size());
        std::vector<double> sorted = row.weights;
        std::sort(sorted.begin(), sorted.end(), std::greater<>());
        double all = 0;
        for (const double weight : sorted) all += weight;
        for (const double share : {0.0, 0.01, 0.3, 0.9, 0.95, 0.999}) {
            // Beside what a sum of few or many weights rounds to.
            const double wanted = share * all * (1 - 1e-9);
            std::size_t count = 0;
            for (double sum = 0; count == 0 || (sum < wanted && count < sorted.size());)
                sum += sorted[count++];
            INFO(row.what << ", " << share << " of its mass");
            check_limit(approx::limit_of_mass(weights, all, wanted), sorted, count);
        }
    }
}

TEST_CASE("a mass that nothing reaches takes all weights") {
    const std::vector<double> weights{0.5, 0.25, 0.125};
    const WeightLimit limit = approx::limit_of_mass({weights.data(), weights.size()}, 0.875, 2);
    CHECK(limit.limit == 0.125);
    CHECK(limit.above == 2);
    CHECK(limit.ties == 1);
}
