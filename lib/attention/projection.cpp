#include "attention/projection.hpp"

#include <algorithm>
#include <cassert>
#include <xtensor-blas/xblas.hpp>

#include "attention/blas.hpp"
#include "core/parallel.hpp"
#include "core/xtensor.hpp"

namespace attn {
namespace {

constexpr std::size_t kRowsPerBlock = 256;

// rows @ W + b into `result`, which is contiguous like its inputs.
template <class T>
void project_rows(MatrixView<const T> rows, const Array<T>& W, const Array<T>& b, T* result) {
    using Extents = std::array<std::size_t, 2>;
    const std::size_t d_in = W.extent(0);
    const std::size_t d_out = W.extent(1);
    const auto x =
        xt::adapt(rows.data, rows.rows * d_in, xt::no_ownership(), Extents{rows.rows, d_in});
    const auto w = xt::adapt(W.data(), d_in * d_out, xt::no_ownership(), Extents{d_in, d_out});
    auto y = xt::adapt(result, rows.rows * d_out, xt::no_ownership(), Extents{rows.rows, d_out});
    xt::blas::gemm(x, w, y);
    if (b.empty()) return;
    for (std::size_t row = 0; row < rows.rows; ++row) {
        for (std::size_t column = 0; column < d_out; ++column) {
            result[row * d_out + column] += b.data()[column];
        }
    }
}

}  // namespace

template <class T>
Array<T> project(const Array<T>& x, const Array<T>& W, const Array<T>& b) {
    assert(x.rank() == 3 && W.rank() == 2 && x.extent(2) == W.extent(0));
    assert(b.empty() || b.size() == W.extent(1));
    const std::size_t rows = x.extent(0) * x.extent(1);
    const std::size_t d_out = W.extent(1);
    std::vector<T> result(rows * d_out);
    const MatrixView<const T> flat(x.data(), rows, W.extent(0));

    const SingleThreadedBlas blas;
    parallel_for((rows + kRowsPerBlock - 1) / kRowsPerBlock, [&](std::size_t block) {
        const std::size_t first = block * kRowsPerBlock;
        const std::size_t count = std::min(kRowsPerBlock, rows - first);
        const MatrixView<const T> part(flat.data + first * flat.stride, count, flat.columns);
        project_rows(part, W, b, result.data() + first * d_out);
    });
    return Array<T>({x.extent(0), x.extent(1), d_out}, std::move(result));
}

template Array<float> project(const Array<float>&, const Array<float>&, const Array<float>&);
template Array<double> project(const Array<double>&, const Array<double>&, const Array<double>&);

}  // namespace attn
