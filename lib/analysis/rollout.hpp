// Attention rollout (Abnar & Zuidema 2020): the product of the fused layers, as rows (targets, from
// the top layer down) or as columns (sources, from the bottom up). O(n) memory for each of them.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "analysis/fused_layer.hpp"
#include "core/matrix.hpp"
#include "core/span.hpp"

namespace attn::analysis {

// x [targets, queries] times the layer [queries, keys]. Rows of the layer that no target reads are
// not made. `has_weight`, where it is given, is told of each row that was made whether it has any.
template <class T>
Matrix<T> times_layer(const Matrix<T>& x, const FusedLayer<T>& layer,
                      std::vector<std::uint8_t>* has_weight = nullptr);

// The layer [queries, keys] times x [keys, sources], whose memory the result takes where it is as
// large. `lower`: x has nothing right of its diagonal.
template <class T>
Matrix<T> layer_times(const FusedLayer<T>& layer, Matrix<T> x, bool lower);

// Columns of the layer [queries, keys]: what layer_times gives for these columns of the identity.
template <class T>
Matrix<T> layer_columns(const FusedLayer<T>& layer, const std::vector<std::size_t>& sources);

// Rows (columns) of the identity.
template <class T>
Matrix<T> unit_rows(const std::vector<std::size_t>& targets, std::size_t tokens);
template <class T>
Matrix<T> unit_columns(const std::vector<std::size_t>& sources, std::size_t tokens);

}  // namespace attn::analysis
