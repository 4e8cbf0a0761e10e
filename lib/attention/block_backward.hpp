// The backward pass of what stands around the attention of a layer.
#pragma once

#include "attention/block.hpp"
#include "core/communicator.hpp"

namespace attn {

// Gradients at the two ends of the attention of a block.
template <class T>
struct BlockGradients {
    Array<T> x;         // of the block's input, without what comes through the attention
    Array<T> attended;  // of what the attention gives
};

// From the gradient of block_output(block, x, attended). What is between is computed again. Ranks
// deal out the rows.
template <class T>
BlockGradients<T> block_backward(const BlockWeights<T>& block, const Array<T>& x,
                                 const Array<T>& attended, const Array<T>& d_output,
                                 const Communicator& ranks = {});

// From the gradient of attention_input(block, x) to that of x.
template <class T>
Array<T> attention_input_backward(const BlockWeights<T>& block, const Array<T>& x,
                                  const Array<T>& d_input);

}  // namespace attn
