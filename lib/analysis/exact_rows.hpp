// The exact weights of a head, row by row and in order, computed anew or read from a file.
#pragma once

#include <functional>
#include <memory>

#include "attention/approx/head_input.hpp"
#include "attention/mask.hpp"
#include "attention/tile_computation.hpp"

namespace attn::analysis {

// Of computed attention: the tiles are computed once more. The task must outlive it.
template <class T>
std::unique_ptr<approx::ExactRows> computed_rows(const LayerTask<T>& task, std::size_t sequence,
                                                 std::size_t head);

// Of other queries, keys and values [tokens, width] of one head of the task, under its mask and all
// that is done to its scores. The task must outlive it.
template <class T>
std::unique_ptr<approx::ExactRows> changed_rows(const LayerTask<T>& task, std::size_t sequence,
                                                std::size_t head, const Array<T>& q,
                                                const Array<T>& k, const Array<T>& v);

// Of stored weights [queries, keys], which must outlive it with the mask.
template <class T>
std::unique_ptr<approx::ExactRows> stored_rows(MatrixView<const T> weights, const Mask<T>& mask,
                                               std::size_t sequence);

// Weights in float64 as they are measured: rows that sum to 1 within 1e-2 are divided by their sum,
// unless an extra logit takes a part of them; what others lack of 1 is returned.
double take_weights(Span<double> weights, bool extra_logit);

// A row of a tile with all keys in `weights` and `blocked`, whose sizes are the number of keys.
template <class T>
approx::ExactRows::Row row_of_tile(const Tile<T>& tile, std::size_t row, bool extra_logit,
                                   std::vector<double>& weights,
                                   std::vector<std::uint8_t>& blocked);

}  // namespace attn::analysis
