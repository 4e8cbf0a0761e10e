// Takes apart matrices that hold several: queries, keys and values, or gate and input.
#pragma once

#include <array>

#include "attention/projection.hpp"
#include "model/layout.hpp"

namespace attn::model {

// Widths of the parts, in their order.
using PartWidths = std::vector<std::size_t>;

// The parts of a matrix whose outputs are blocks side by side: [d_in, sum of widths] in_out,
// [sum of widths, d_in] out_in, or a bias [sum of widths]. Shares the bytes where the parts are
// contiguous (out_in and biases).
template <class T>
std::vector<Array<T>> split_blocks(const Array<T>& fused, MatrixOrder order,
                                   const PartWidths& widths);

// Query, key and value of an out_in matrix [heads * 3 * d_head, d_in], or of a bias, in which they
// stand together head by head.
template <class T>
std::vector<Array<T>> split_per_head(const Array<T>& fused, std::size_t heads);

}  // namespace attn::model
