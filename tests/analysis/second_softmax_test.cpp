#include "analysis/second_softmax.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <vector>

#include "analysis/rounding.hpp"

using namespace attn;
using namespace attn::analysis;

namespace {

void softmax(double* row, std::size_t keys) {
    double sum = 0;
    for (std::size_t key = 0; key < keys; ++key) sum += row[key] = std::exp(row[key]);
    for (std::size_t key = 0; key < keys; ++key) row[key] /= sum;
}

struct Head {
    std::size_t size;
    std::vector<double> weights;

    // Scores of this spread, `times` softmaxes over the keys up to the query.
    Head(std::size_t size_, double spread, int times) : size(size_), weights(size * size) {
        std::mt19937 random(3);
        std::normal_distribution<double> normal(0, spread);
        for (std::size_t query = 0; query < size; ++query) {
            double* const row = weights.data() + query * size;
            for (std::size_t key = 0; key <= query; ++key) row[key] = normal(random);
            for (int time = 0; time < times; ++time) softmax(row, query + 1);
        }
    }
    MatrixView<const double> matrix() const { return {weights.data(), size, size}; }
};

}  // namespace

TEST_CASE("rows that sum to one are known for a second softmax by how flat they are") {
    for (const std::size_t size : {10, 40, 200}) {
        INFO(size);
        CHECK(is_flat_as_second_softmax(Head(size, 2, 2).matrix()));
        CHECK_FALSE(is_flat_as_second_softmax(Head(size, 2, 1).matrix()));
        CHECK_FALSE(is_flat_as_second_softmax(Head(size, 0.3, 1).matrix()));
        // Queries and keys that nobody trained, and no queries at all.
        CHECK_FALSE(is_flat_as_second_softmax(Head(size, 0.02, 1).matrix()));
        CHECK_FALSE(is_flat_as_second_softmax(Head(size, 1e-4, 1).matrix()));
        CHECK_FALSE(is_flat_as_second_softmax(Head(size, 0, 1).matrix()));
    }
    // Few rows of few keys may look like anything.
    CHECK_FALSE(is_flat_as_second_softmax(Head(6, 2, 2).matrix()));
}

TEST_CASE("a second softmax is known in half precision as long as rounding is below the weights") {
    Head head(30, 2, 2);
    for (double& weight : head.weights) weight = round_to(Rounding::float16, weight);
    CHECK(is_flat_as_second_softmax(head.matrix()));
    head.weights[29 * 30 + 4] = std::nan("");
    CHECK_FALSE(is_flat_as_second_softmax(head.matrix()));
}
