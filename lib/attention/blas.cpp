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

constexpr auto kAsIs = cxxblas::Transpose::NoTrans;
constexpr auto kTurned = cxxblas::Transpose::Trans;

template <class T>
void gemm(cxxblas::Transpose transpose_a, cxxblas::Transpose transpose_b, T alpha,
          MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c) {
    const ProductMemory memory;
    const std::size_t depth = transpose_a == kAsIs ? a.columns : a.rows;
    cxxblas::gemm<xt::blas_index_t>(cxxblas::StorageOrder::RowMajor, transpose_a, transpose_b,
                                    blas_size(c.rows), blas_size(c.columns), blas_size(depth),
                                    alpha, a.data, blas_size(a.stride), b.data, blas_size(b.stride),
                                    T{0}, c.data, blas_size(c.stride));
}

}  // namespace

template <class T>
void multiply_transposed(T alpha, MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c) {
    assert(a.columns == b.columns && c.rows == a.rows && c.columns == b.rows);
    gemm(kAsIs, kTurned, alpha, a, b, c);
}

template <class T>
void multiply(MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c) {
    assert(a.columns == b.rows && c.rows == a.rows && c.columns == b.columns);
    gemm(kAsIs, kAsIs, T{1}, a, b, c);
}

template <class T>
void multiply_transposed_first(MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c) {
    assert(a.rows == b.rows && c.rows == a.columns && c.columns == b.columns);
    gemm(kTurned, kAsIs, T{1}, a, b, c);
}

template void multiply_transposed(float, MatrixView<const float>, MatrixView<const float>,
                                  MatrixView<float>);
template void multiply_transposed(double, MatrixView<const double>, MatrixView<const double>,
                                  MatrixView<double>);
template void multiply(MatrixView<const float>, MatrixView<const float>, MatrixView<float>);
template void multiply(MatrixView<const double>, MatrixView<const double>, MatrixView<double>);
template void multiply_transposed_first(MatrixView<const float>, MatrixView<const float>,
                                        MatrixView<float>);
template void multiply_transposed_first(MatrixView<const double>, MatrixView<const double>,
                                        MatrixView<double>);

}  // namespace attn
