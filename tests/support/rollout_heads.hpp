// Layers for tests of rollout: heads of weights that rows sum to one, and who may attend.
#pragma once

#include <random>
#include <vector>

#include "analysis/fused_layer.hpp"
#include "support/mask.hpp"

namespace attn::test {

// Rows sum to one over the keys up to the diagonal, or over all.
inline std::vector<double> random_weights(std::size_t tokens, bool causal, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> uniform(0.01, 1);
    std::vector<double> weights(tokens * tokens);
    for (std::size_t query = 0; query < tokens; ++query) {
        const std::size_t keys = causal ? query + 1 : tokens;
        double sum = 0;
        for (std::size_t key = 0; key < keys; ++key)
            sum += weights[query * tokens + key] = uniform(random);
        for (std::size_t key = 0; key < keys; ++key) weights[query * tokens + key] /= sum;
    }
    return weights;
}

// A layer of some heads that owns what it shows.
struct OwnedLayer {
    std::vector<std::vector<double>> matrices;
    Mask<double> mask;
    std::size_t tokens;

    OwnedLayer(std::vector<std::vector<double>> heads, std::size_t tokens_, bool causal = false)
        : matrices(std::move(heads)), mask(causal_mask<double>(tokens_, causal)), tokens(tokens_) {}

    analysis::LayerHeads<double> heads() const {
        analysis::LayerHeads<double> heads;
        heads.name = "test";
        for (std::size_t i = 0; i < matrices.size(); ++i) {
            heads.weights.emplace_back(matrices[i].data(), tokens, tokens);
            heads.places.push_back(i);
            heads.numbers.push_back(i);
        }
        heads.mask = &mask;
        return heads;
    }
};

inline OwnedLayer random_layer(std::size_t tokens, bool causal, unsigned seed) {
    return {{random_weights(tokens, causal, seed), random_weights(tokens, causal, seed + 1000)},
            tokens,
            causal};
}

inline std::vector<double> rows_of(const analysis::FusedLayer<double>& layer) {
    std::vector<double> rows(layer.queries() * layer.keys());
    layer.rows(0, layer.queries(), rows.data());
    return rows;
}

}  // namespace attn::test
