// Heads of a layer dropped one after the other, least important first (Michel et al. 2019), and
// what the output of the layer loses.
#pragma once

#include <cstddef>
#include <vector>

#include "attention/approx/shapes.hpp"
#include "core/matrix.hpp"

namespace attn::approx {

// The products of the heads' outputs C_h W_O^h with each other, summed over rows and columns:
// errors of any set of heads follow from them. [heads, heads] each.
struct HeadProducts {
    Matrix<double> whole;
    Matrix<double> varying;  // of outputs less their mean over rows
};

// contexts: [rows, d_value] of every head; w_o: [heads * d_value, d_model], or empty: then outputs
// are the contexts side by side.
HeadProducts head_products(const std::vector<MatrixView<const double>>& contexts,
                           MatrixView<const double> w_o);

// ‖C_h W_O^h‖_F / ‖Σ C_h W_O^h‖_F of every head; 0 where the layer puts out nothing.
std::vector<double> output_shares(const HeadProducts& products);

// Heads from the one that is dropped first: the smallest importance, ties by the lower head.
std::vector<std::size_t> drop_order(const std::vector<double>& importance);

// The relative error of the output without the dropped heads, and with their means in their place.
double error_without(const HeadProducts& products, Span<const std::size_t> dropped);
double error_with_means(const HeadProducts& products, Span<const std::size_t> dropped);

}  // namespace attn::approx
