// Products of matrices, on OpenBLAS. Float and double under one name.
#pragma once

#include "core/span.hpp"

namespace attn {

// c = alpha * a * bᵀ; a [m, k], b [n, k], c [m, n].
template <class T>
void multiply_transposed(T alpha, MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c);

// c = a * b; a [m, k], b [k, n], c [m, n].
template <class T>
void multiply(MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c);

// While it lives, one OpenBLAS call uses one thread. The setting is global, so it stands once
// around a whole computation that spreads its calls over threads itself.
class SingleThreadedBlas {
  public:
    SingleThreadedBlas();
    ~SingleThreadedBlas();
    SingleThreadedBlas(const SingleThreadedBlas&) = delete;
    SingleThreadedBlas& operator=(const SingleThreadedBlas&) = delete;

  private:
    int threads_before_;
};

}  // namespace attn
