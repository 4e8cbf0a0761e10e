// The backward pass of one tile: its part of the gradients of queries, keys, values and biases.
#pragma once

#include <vector>

#include "attention/gradient_sink.hpp"
#include "attention/tile_computation.hpp"

namespace attn {

// What the tiles of a layer are taken backwards with.
template <class T>
struct BackwardTask {
    LayerTask<T> forward;
    const PackedHeads<T>& swapped;  // values where PackedHeads has keys, and keys for values
    const MaskOptions<T>& mask;
    // [batch, queries, heads * d_value]; of a tile it is read behind its forward pass.
    const T* d_context;
    // The buckets of all distances of a key from a query, the first of which is `first_distance`;
    // empty without a table of relative positions.
    std::vector<std::size_t> buckets = {};
    std::ptrdiff_t first_distance = 0;
    bool keep_cells = false;  // whether tiles carry the gradients of scores and weights
};

// What some blocks of one head, one after another, add to gradients that several blocks share.
template <class T>
struct BackwardSums {
    // Sums for the blocks that hold these queries; all zeros.
    BackwardSums(const BackwardTask<T>& task, KeyRange queries_of_blocks);

    KeyRange queries;
    // Panel after panel of keys, each [d_head or d_value, width]: as the kernels add to them.
    std::vector<T> k;
    std::vector<T> v;
    double sink = 0;
    std::vector<double> bias;      // [queries or 1, keys or 1], as the bias varies
    std::vector<double> relative;  // [buckets]
};

// Computes the tile at `place` again, writes its contexts [rows, d_value] and the gradient of its
// queries [rows, d_head], adds to `sums` and hands everything to `done`.
template <class T>
void take_tile_backward(const BackwardTask<T>& task, const TilePlace& place, MatrixView<T> context,
                        MatrixView<T> d_q, BackwardSums<T>& sums,
                        const std::function<void(const GradientTile<T>&)>& done);

}  // namespace attn
