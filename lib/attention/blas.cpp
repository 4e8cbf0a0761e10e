#include "attention/blas.hpp"

#include <sys/mman.h>

#include <atomic>
#include <cassert>
#include <limits>
#include <mutex>
#include <new>
#include <xtensor-blas/xblas.hpp>

namespace attn {
namespace {

xt::blas_index_t blas_size(std::size_t size) {
    assert(size <= static_cast<std::size_t>(std::numeric_limits<xt::blas_index_t>::max()));
    return static_cast<xt::blas_index_t>(size);
}

// OpenBLAS asks the system for a buffer for each product that runs at once, keeps it, and asks for
// ever where there is no memory. This asks first, whenever more run at once than ever before.
class ProductBuffer {
  public:
    ProductBuffer() {
        const std::size_t count = ++running;
        const std::lock_guard<std::mutex> lock(mutex);
        if (count <= buffers) return;
        constexpr std::size_t kBytes = std::size_t{160} << 20;  // 128 MiB, and what else it takes
        void* memory = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) {
            --running;
            throw std::bad_alloc();
        }
        ::munmap(memory, kBytes);
        buffers = count;
    }
    ~ProductBuffer() { --running; }
    ProductBuffer(const ProductBuffer&) = delete;
    ProductBuffer& operator=(const ProductBuffer&) = delete;

  private:
    static inline std::atomic<std::size_t> running{0};
    static inline std::mutex mutex;
    static inline std::size_t buffers = 0;
};

template <class T>
void gemm(cxxblas::Transpose transpose_b, T alpha, MatrixView<const T> a, MatrixView<const T> b,
          MatrixView<T> c) {
    const ProductBuffer buffer;
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
