#include "analysis/row_stats.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <numeric>
#include <random>

using namespace attn;
using analysis::keys_for_share;

namespace {

// Sorts and adds up.
template <class T>
std::size_t count_by_sorting(std::vector<T> weights, double share) {
    std::sort(weights.begin(), weights.end(), std::greater<>());
    double sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        sum += static_cast<double>(weights[i]);
        if (sum >= share) return i + 1;
    }
    return weights.size();
}

template <class T>
std::size_t count(const std::vector<T>& weights, double share) {
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    const T largest = *std::max_element(weights.begin(), weights.end());
    return keys_for_share<T>(weights, sum, largest, share);
}

// A softmax of scores that spread so far.
template <class T>
std::vector<T> random_row(std::size_t size, double spread, std::mt19937& random) {
    std::normal_distribution<double> normal(0, spread);
    std::vector<double> row(size);
    double sum = 0;
    for (double& weight : row) sum += weight = std::exp(normal(random));
    std::vector<T> weights;
    for (const double weight : row) weights.push_back(static_cast<T>(weight / sum));
    return weights;
}

}  // namespace

TEMPLATE_TEST_CASE("the largest weights that reach a share are as many as sorting finds", "", float,
                   double) {
    std::mt19937 random(1);
    for (const std::size_t size : {1, 2, 7, 16, 33, 100, 257, 1000, 4099}) {
        for (const double spread : {0.01, 0.5, 2.0, 8.0, 40.0}) {
            for (const double share : {0.1, 0.5, 0.9, 0.987}) {
                const auto weights = random_row<TestType>(size, spread, random);
                INFO(size << " weights, spread " << spread << ", share " << share);
                // Where the sum ends within a rounding error of the share both numbers are right.
                const auto least = count_by_sorting(weights, share - 1e-6);
                const auto most = count_by_sorting(weights, share + 1e-6);
                const auto found = count(weights, share);
                CHECK(found >= least);
                CHECK(found <= most);
            }
        }
    }
}

TEST_CASE("equal weights, zeros and sums that are too small") {
    CHECK(count<float>(std::vector<float>(1000, 0.001F), 0.9) == Approx(900).margin(1));
    std::vector<float> few(500, 0.0F);
    few[3] = 0.5F, few[77] = 0.3F, few[400] = 0.2F;
    CHECK(count(few, 0.9) == 3);
    CHECK(count(few, 0.8) == 2);
    CHECK(count(few, 0.5) == 1);
    CHECK(count<float>({0.2F, 0.3F}, 0.9) == 2);
    CHECK(count<float>({0, 0, 1}, 0.9) == 1);
}
