#include "attention/projection.hpp"

#include <algorithm>
#include <cassert>
#include <memory>

#include "attention/blas.hpp"
#include "attention/blas_threads.hpp"
#include "core/aligned_buffer.hpp"
#include "core/divide_up.hpp"
#include "core/memory.hpp"
#include "core/parallel.hpp"
#include "core/phase_clock.hpp"

namespace attn {
namespace {

// Large enough for a product to run at full speed, small enough that a short sequence still keeps
// all threads busy. Constants, so that the work is divided alike for every number of threads.
constexpr std::size_t kRowsOfProduct = 256;
constexpr std::size_t kBlockColumns = 192;

template <class T>
void add_to_rows(MatrixView<T> rows, Span<const T> bias) {
    for (std::size_t row = 0; row < rows.rows; ++row) {
        const Span<T> values = rows.row(row);
        for (std::size_t column = 0; column < values.size(); ++column)
            values[column] += bias[column];
    }
}

}  // namespace

template <class T>
Array<T> project(const Array<T>& x, const Array<T>& W, const Array<T>& b, MatrixOrder order) {
    const InPhase phase(Phase::project);
    const std::size_t rows = x.extent(0) * x.extent(1);
    const std::size_t d_in = x.extent(2);
    const std::size_t d_out = output_width(W, order);
    assert(x.rank() == 3 && W.rank() == 2 && W.size() == d_in * d_out);
    assert(b.empty() || b.size() == d_out);
    // Not cleared: every value is written.
    const auto result = std::make_shared<const AlignedBuffer<T>>(rows * d_out);
    prefer_large_pages(result->data(), rows * d_out * sizeof(T));

    const SingleThreadedBlas blas;
    const std::size_t across = divide_up(d_out, kBlockColumns);
    parallel_for(divide_up(rows, kRowsOfProduct) * across, [&](std::size_t block) {
        const std::size_t row = block / across * kRowsOfProduct;
        const std::size_t column = block % across * kBlockColumns;
        const std::size_t height = std::min(kRowsOfProduct, rows - row);
        const std::size_t width = std::min(kBlockColumns, d_out - column);
        const MatrixView<T> part(result->data() + row * d_out + column, height, width, d_out);
        const MatrixView<const T> read(x.data() + row * d_in, height, d_in);
        if (order == MatrixOrder::in_out) {
            multiply<T>(read, {W.data() + column, d_in, width, d_out}, part);
        } else {
            multiply_transposed<T>(T{1}, read, {W.data() + column * d_in, width, d_in}, part);
        }
        if (!b.empty()) add_to_rows(part, Span<const T>(b.data() + column, width));
    });
    return Array<T>({x.extent(0), x.extent(1), d_out}, result->data(), result);
}

template <class T>
Array<T> transposed(const Array<T>& W) {
    assert(W.rank() == 2);
    const std::size_t rows = W.extent(0);
    const std::size_t columns = W.extent(1);
    std::vector<T> values(W.size());
    for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t column = 0; column < columns; ++column)
            values[column * rows + row] = W.data()[row * columns + column];
    }
    return Array<T>({columns, rows}, std::move(values));
}

template Array<float> project(const Array<float>&, const Array<float>&, const Array<float>&,
                              MatrixOrder);
template Array<double> project(const Array<double>&, const Array<double>&, const Array<double>&,
                               MatrixOrder);
template Array<float> transposed(const Array<float>&);
template Array<double> transposed(const Array<double>&);

}  // namespace attn
