// How different the tokens of a layer are from each other, and how large the product of its query
// and key projections is: by products of matrices and their largest eigenvalues.
#pragma once

#include <cstddef>

#include "attention/projection.hpp"
#include "core/array.hpp"
#include "core/span.hpp"

namespace attn::analysis {

// NaN: does not exist (one token, rows of zeros, numbers that are not finite).
struct TokenSpread {
    double rank_residual = 0;  // ‖X - 1x̄ᵀ‖_F / ‖X‖_F, x̄ the mean row (Dong et al. 2021)
    double token_cosine = 0;  // mean cosine of two different rows (Noci et al. 2022)
    double stable_rank = 0;   // ‖X‖_F² / ‖X‖₂²
};

// The spread of rows X [tokens, d_model].
TokenSpread token_spread(MatrixView<const double> rows);

// The columns of one head, [d_in, d_head], of a matrix [d_in, heads * d_head] in either order.
template <class T>
Array<double> head_of(const Array<T>& W, MatrixOrder order, std::size_t head, std::size_t d_head);

// ‖A Bᵀ‖₂ of A [m, d] and B [n, d]: the square root of the largest eigenvalue of AᵀA BᵀB, without
// the product itself. NaN where a number is not finite.
double product_norm(const Array<double>& a, const Array<double>& b);

}  // namespace attn::analysis
