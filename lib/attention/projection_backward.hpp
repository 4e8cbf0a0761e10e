// The backward pass of a projection y = x @ W + b.
#pragma once

#include "attention/projection.hpp"
#include "core/communicator.hpp"

namespace attn {

// dL/dx = dL/dy @ Wᵀ, [batch, tokens, d_in].
template <class T>
Array<T> project_back(const Array<T>& dy, const Array<T>& W, MatrixOrder order);

// dL/dW = xᵀ @ dL/dy over all tokens of all sequences, always [d_in, d_out].
// Ranks deal out its rows in the blocks of one process.
template <class T>
Array<T> matrix_gradient(const Array<T>& x, const Array<T>& dy, const Communicator& ranks = {});

// dL/db: the sum of dL/dy over all tokens of all sequences, [d_out].
template <class T>
Array<T> bias_gradient(const Array<T>& dy);

}  // namespace attn
