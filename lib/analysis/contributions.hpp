// What the values add: how much of what attention gives a token comes from each key (Kobayashi et
// al. 2020 and 2021, Ferrando et al. 2022). Weights alone do not tell: a key of large weight may
// have a small value.
#pragma once

#include <cstddef>
#include <vector>

#include "attention/normalisation.hpp"
#include "core/matrix.hpp"
#include "core/span.hpp"

namespace attn::analysis {

// One layer of one sequence; views of what others keep. T is float or double.
template <class T>
struct LayerValues {
    std::vector<MatrixView<const T>> weights;  // of each head, [queries, keys]
    std::vector<MatrixView<const T>> values;   // of each head, [keys, d_value], with their bias
    std::vector<std::size_t> places;           // of the heads among all of the layer
    std::size_t all_heads = 0;
    MatrixView<const T> W_O;  // [all heads * d_value, d_model]; empty: none

    std::size_t heads() const { return weights.size(); }
    std::size_t queries() const { return weights.front().rows; }
    std::size_t keys() const { return weights.front().columns; }
    std::size_t d_model() const;
};

// What each key gives through one head, u_j = v_j W_O of the head, [keys, d_model]; without W_O v_j
// in the head's own columns.
template <class T>
Matrix<double> given_vectors(const LayerValues<T>& layer, std::size_t head);

// ‖row‖ of each row.
template <class T>
std::vector<double> lengths(MatrixView<const T> rows);

// weights [queries, keys], each column times the length of its key: with the lengths of values it
// is what CircuitsVis calls value-weighted, with those of given vectors ‖αf(x)‖ of Kobayashi 2020.
template <class T>
Matrix<T> weighted_lengths(MatrixView<const T> weights, const std::vector<double>& lengths);

// ‖Σ_h A_ij^h u_j^h‖, [queries, keys]. By the Gram matrix of the heads' vectors of a key, so that
// no vector is made for a pair.
template <class T>
Matrix<T> layer_lengths(const LayerValues<T>& layer, const std::vector<Matrix<double>>& given);

// What stands around the attention of self-attention: what it is added to, and the norms behind it.
template <class T>
struct Surroundings {
    MatrixView<const T> x;    // [tokens, d_model], the residual
    Span<const T> b_O;        // [d_model] or empty; belongs to no key
    Norm<T> after_attention;  // of what attention gives, before it is added
    Norm<T> after_sum;        // of the sum
};

template <class T>
struct TokenContributions {
    Matrix<T> shares;             // [tokens, tokens], rows sum to 1
    std::vector<T> mixing_ratio;  // [tokens], 0: the token keeps itself
};

// With T_ij what token j adds to the result y_i of token i, its own residual included: shares are
// max(0, ‖y_i‖₁ - ‖y_i - T_ij‖₁) divided by their sums (ALTI, Ferrando 2022); a row of zeros is the
// token itself. The mixing ratio is ‖Σ_j≠i T_ij‖ / (‖Σ_j≠i T_ij‖ + ‖T_ii‖) (Kobayashi 2021).
// Queries are the keys. The vectors of a row are made one row at a time: O(keys * d_model) a
// thread.
template <class T>
TokenContributions<T> token_contributions(const LayerValues<T>& layer,
                                          const std::vector<Matrix<double>>& given,
                                          const Surroundings<T>& around);

}  // namespace attn::analysis
