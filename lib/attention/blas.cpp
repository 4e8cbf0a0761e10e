#include "attention/blas.hpp"

#include <cassert>
#include <limits>
#include <xtensor-blas/xblas.hpp>

#include "attention/product_memory.hpp"

namespace attn {
namespace {

xt::blas_index_t blas_size(std::size_t size) {
    assert(size <= static_cast<std::size_t>(std::numeric_limits<xt::blas_index_t>::max()));
    return static_cast<xt::blas_index_t>(size);
}

template <class T>
void gemm(cxxblas::Transpose transpose_b, T alpha, MatrixView<const T> a, MatrixView<const T> b,
          MatrixView<T> c) {
    const ProductMemory memory;
    cxxblas::gemm<xt::blas_index_t>(cxxblas::StorageOrder::RowMajor, cxxblas::Transpose::NoTrans,
                                    transpose_b, blas_size(c.rows), blas_size(c.columns),
                                    blas_size(a.columns), alpha, a.data, blas_size(a.stride),
                                    b.data, blas_size(b.stride), T{0}, c.data, blas_size(c.stride));
}

}  // namespace

template <class T>
void multiply_transposed(T alpha, MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c) {
    assert(a.columns == b.columns && c.rows == a.rows && c.columns == b.rows);
    gemm(cxxblas::Transpose::Trans, alpha, a, b, c);
}

template <class T>
void multiply(MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c) {
    assert(a.columns == b.rows && c.rows == a.rows && c.columns == b.columns);
    gemm(cxxblas::Transpose::NoTrans, T{1}, a, b, c);
}

template void multiply_transposed(float, MatrixView<const float>, MatrixView<const float>,
                                  MatrixView<float>);
template void multiply_transposed(double, MatrixView<const double>, MatrixView<const double>,
                                  MatrixView<double>);
template void multiply(MatrixView<const float>, MatrixView<const float>, MatrixView<float>);
template void multiply(MatrixView<const double>, MatrixView<const double>, MatrixView<double>);

}  // namespace attn
