// The part of a source that somebody wants. What is not in it is computed only where something in
// it needs it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

namespace attn {

// Ascending numbers; nothing: all.
using Chosen = std::optional<std::vector<std::size_t>>;

inline bool is_chosen(const Chosen& chosen, std::size_t index) {
    return !chosen || std::binary_search(chosen->begin(), chosen->end(), index);
}

// By their places in the source.
struct Share {
    Chosen layers;
    Chosen sequences;
    Chosen heads;
};

// The part of one layer.
struct LayerShare {
    Chosen sequences = std::nullopt;
    Chosen heads = std::nullopt;
    bool output = true;  // of the attention, which takes all heads
};

}  // namespace attn
