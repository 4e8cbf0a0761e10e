// The exact weights of a head, row by row and in order, computed anew or read from a file.
#pragma once

#include <functional>
#include <memory>

#include "attention/approx/head_input.hpp"
#include "attention/mask.hpp"
#include "attention/tile_computation.hpp"

namespace attn::analysis {

// Rows of computed attention: the tiles are computed once more. The task must outlive it.
template <class T>
std::unique_ptr<approx::ExactRows> computed_rows(const LayerTask<T>& task, std::size_t sequence,
                                                 std::size_t head);

// Rows of other queries, keys and values [tokens, width] of one head of the task, under its mask
// and all that is done to its scores. The task must outlive it.
template <class T>
std::unique_ptr<approx::ExactRows> changed_rows(const LayerTask<T>& task, std::size_t sequence,
                                                std::size_t head, const Array<T>& q,
                                                const Array<T>& k, const Array<T>& v);

// Rows of stored weights [queries, keys], which must outlive it with the mask.
template <class T>
std::unique_ptr<approx::ExactRows> stored_rows(MatrixView<const T> weights, const Mask<T>& mask,
                                               std::size_t sequence);

// Weights in float64 as they are measured: rows that sum to 1 within 1e-2 are divided by their sum,
// unless an extra logit takes a part of them.
struct TakenWeights {
    double missing = 0;  // what rows that stay as they are lack of 1
    double factor = 1;   // what weights were multiplied by
};
TakenWeights take_weights(Span<double> weights, bool extra_logit);

// A row of a tile; `weights` has room for all keys, `blocked` gets a byte for each of them where
// the tile has a mask array.
template <class T>
struct TileRow {
    approx::ExactRows::Row row;
    T factor = 1;  // what the weights of the tile were multiplied by
};
template <class T>
TileRow<T> row_of_tile(const Tile<T>& tile, std::size_t row, bool extra_logit, Span<double> weights,
                       std::vector<std::uint8_t>& blocked);

}  // namespace attn::analysis
