#include "attention/blas.hpp"

#include <cblas.h>

#include <cassert>
#include <limits>

namespace attn {
namespace {

blasint blas_size(std::size_t size) {
    assert(size <= static_cast<std::size_t>(std::numeric_limits<blasint>::max()));
    return static_cast<blasint>(size);
}

void gemm(CBLAS_TRANSPOSE transpose_b, float alpha, MatrixView<const float> a,
          MatrixView<const float> b, MatrixView<float> c) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, transpose_b, blas_size(c.rows), blas_size(c.columns),
                blas_size(a.columns), alpha, a.data, blas_size(a.stride), b.data,
                blas_size(b.stride), 0.0F, c.data, blas_size(c.stride));
}

void gemm(CBLAS_TRANSPOSE transpose_b, double alpha, MatrixView<const double> a,
          MatrixView<const double> b, MatrixView<double> c) {
    cblas_dgemm(CblasRowMajor, CblasNoTrans, transpose_b, blas_size(c.rows), blas_size(c.columns),
                blas_size(a.columns), alpha, a.data, blas_size(a.stride), b.data,
                blas_size(b.stride), 0.0, c.data, blas_size(c.stride));
}

}  // namespace

template <class T>
void multiply_transposed(T alpha, MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c) {
    assert(a.columns == b.columns && c.rows == a.rows && c.columns == b.rows);
    gemm(CblasTrans, alpha, a, b, c);
}

template <class T>
void multiply(MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c) {
    assert(a.columns == b.rows && c.rows == a.rows && c.columns == b.columns);
    gemm(CblasNoTrans, T{1}, a, b, c);
}

template void multiply_transposed(float, MatrixView<const float>, MatrixView<const float>,
                                  MatrixView<float>);
template void multiply_transposed(double, MatrixView<const double>, MatrixView<const double>,
                                  MatrixView<double>);
template void multiply(MatrixView<const float>, MatrixView<const float>, MatrixView<float>);
template void multiply(MatrixView<const double>, MatrixView<const double>, MatrixView<double>);

SingleThreadedBlas::SingleThreadedBlas() : threads_before_(openblas_get_num_threads()) {
    openblas_set_num_threads(1);
}

SingleThreadedBlas::~SingleThreadedBlas() {
    openblas_set_num_threads(threads_before_);
}

}  // namespace attn
