// Stored attention of three layers whose second has a window of its own, as gemma 3 has.
#pragma once

#include "source/stored_source.hpp"

namespace attn::test {

// Layers 1, 4, 5 of heads 0, 2: causal, four keys to the left, in layer 4 one.
inline source::StoredAttention<double> attention_with_windows() {
    source::StoredAttention<double> attention;
    for (const std::size_t number : {1, 4, 5}) {
        source::StoredLayer<double> layer;
        layer.layer = number;
        layer.weights = source::HeadMatrices<double>(
            Array<double>({1, 2, 6, 6}, std::vector<double>(72)), false);
        attention.layers.push_back(std::move(layer));
    }
    attention.layers[1].window_left = 1;
    attention.heads = {0, 2};
    attention.structure.causal = true;
    attention.structure.window_left = 4;
    return attention;
}

}  // namespace attn::test
