// Products of matrices, on OpenBLAS through xtensor-blas. Float and double under one name.
#pragma once

#include "core/span.hpp"

namespace attn {

// c = alpha * a * bᵀ; a [m, k], b [n, k], c [m, n].
template <class T>
void multiply_transposed(T alpha, MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c);

// c = a * b; a [m, k], b [k, n], c [m, n].
template <class T>
void multiply(MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c);

// c = aᵀ * b; a [k, m], b [k, n], c [m, n].
template <class T>
void multiply_transposed_first(MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c);

}  // namespace attn
