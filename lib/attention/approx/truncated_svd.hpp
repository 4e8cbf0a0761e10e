// The weights of a head as a matrix of low rank: the best that any method of that rank could do
// (Eckart and Young 1936).
#pragma once

#include <vector>

#include "attention/approx/shapes.hpp"
#include "core/matrix.hpp"

namespace attn::approx {

// Up to so many weights are taken whole: 2^26 (8,192 x 8,192).
inline constexpr std::size_t kMostDecomposedCells = std::size_t{1} << 26;

// All weights of the head, [queries, keys].
Matrix<double> whole_weights(const HeadInput& head);

// Σ_{t < rank} σ_t u_t v_tᵀ of the masked weights, and all singular values. Options: rank.
Factors truncated_svd(const Options& options, const HeadInput& head);

// sqrt(Σ_{t >= rank} σ_t²) / ‖W‖_F: the error of the best matrix of that rank. 0 where all are 0.
double rank_floor(const std::vector<double>& singular_values, std::size_t rank);

}  // namespace attn::approx
