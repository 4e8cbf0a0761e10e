// One tile of attention: from a block of queries and all keys to scores, weights and contexts.
#pragma once

#include <functional>

#include "attention/engine.hpp"
#include "attention/head_countdown.hpp"
#include "attention/packed_heads.hpp"

namespace attn {

// What the tiles of a layer are computed from.
template <class T>
struct LayerTask {
    const AttentionInputs<T>& inputs;
    const PackedHeads<T>& packed;
    const Mask<T>& mask;
    LayerShape shape;
    bool keep_scores = false;  // whether tiles carry scores
    bool sum_rows = false;     // whether they carry sums of each row
};

// Computes the tile at `place`, writes its contexts [rows, d_value] and hands the tile to `done`.
// Threads may compute different tiles at once.
template <class T>
void compute_tile(const LayerTask<T>& task, const TilePlace& place, MatrixView<T> context,
                  const std::function<void(const Tile<T>&)>& done);

}  // namespace attn
