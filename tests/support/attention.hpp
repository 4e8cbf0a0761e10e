// Stored attention for tests: random weights, as files.
#pragma once

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "support/npy_bytes.hpp"
#include "support/temp_folder.hpp"

namespace attn::test {

// Weights [heads, n, n] whose rows are softmaxes of random scores.
struct RandomAttention {
    std::size_t heads, n;
    std::vector<float> weights;

    RandomAttention(std::size_t heads_, std::size_t n_, bool causal, unsigned seed = 1)
        : heads(heads_), n(n_), weights(heads_ * n_ * n_) {
        std::mt19937 random(seed);
        std::normal_distribution<double> normal(0, 2);
        for (std::size_t row = 0; row < heads * n; ++row) {
            const std::size_t keys = causal ? row % n + 1 : n;
            std::vector<double> scores(keys);
            double sum = 0;
            for (double& score : scores) sum += score = std::exp(normal(random));
            for (std::size_t key = 0; key < keys; ++key)
                weights[row * n + key] = static_cast<float>(scores[key] / sum);
        }
    }

    float& at(std::size_t head, std::size_t query, std::size_t key) {
        return weights[(head * n + query) * n + key];
    }

    std::string write(const TempFolder& folder, const std::string& name = "attention.npy") const {
        const std::string shape =
            "(" + std::to_string(heads) + ", " + std::to_string(n) + ", " + std::to_string(n) + ")";
        return folder.write(name, npy_floats(shape, weights));
    }
};

}  // namespace attn::test
