#include "analysis/keys_for_90.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <numeric>
#include <random>

using namespace attn;

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
std::size_t count(const std::vector<T>& weights) {
    const Kernels<T>& kernels = attn::kernels<T>();
    const WeightSums sums = kernels.sum_weights(weights.data(), weights.size(), 0);
    const double entropy = -kernels.sum_logs(weights.data(), weights.size());
    return analysis::keys_for_90<T>(weights, sums, entropy);
}

template <class T>
void check_row(std::vector<double> values) {
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    std::vector<T> weights;
    for (const double value : values) weights.push_back(static_cast<T>(value / sum));
    // Where a sum ends within a rounding error of 0.9 both numbers are right.
    const auto found = count(weights);
    CHECK(found >= count_by_sorting(weights, 0.9 - 1e-6));
    CHECK(found <= count_by_sorting(weights, 0.9 + 1e-6));
}

}  // namespace

TEMPLATE_TEST_CASE("the largest weights that reach 0.9 are as many as sorting finds", "", float,
                   double) {
    std::mt19937 random(1);
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> uniform(1e-6, 1);
    for (const std::size_t size : {1, 2, 7, 16, 33, 100, 257, 1000, 4099}) {
        std::vector<double> row(size);
        for (const double spread : {0.0, 1e-4, 0.01, 0.5, 2.0, 8.0, 40.0}) {
            INFO(size << " softmaxed scores, spread " << spread);
            for (double& weight : row) weight = std::exp(spread * normal(random));
            check_row<TestType>(row);
        }
        for (const double power : {-8.0, -2.0, -1.0, -0.5, 0.5, 3.0}) {
            INFO(size << " powers, exponent " << power);
            for (double& weight : row) weight = std::pow(uniform(random), power);
            check_row<TestType>(row);
        }
        for (const double high : {1.001, 2.0, 100.0, 1e5}) {
            INFO(size << " weights of two sizes, " << high << " apart");
            for (double& weight : row) weight = random() % 10 == 0 ? high : 1;
            check_row<TestType>(row);
        }
        INFO(size << " weights behind a sink");
        for (double& weight : row) weight = uniform(random);
        row[0] = 3 * static_cast<double>(size);
        check_row<TestType>(row);
    }
}

TEST_CASE("zeros, equal weights and sums that are too small") {
    CHECK(count<float>(std::vector<float>(1000, 0.001F)) == 900);
    std::vector<float> few(500, 0.0F);
    few[3] = 0.5F, few[77] = 0.3F, few[400] = 0.2F;
    CHECK(count(few) == 3);
    CHECK(count<float>({0.2F, 0.3F}) == 2);
    CHECK(count<float>({0, 0, 1}) == 1);
    CHECK(count<float>({0.5F, 0.45F, 0.05F}) == 2);
}
