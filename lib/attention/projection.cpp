#include "attention/projection.hpp"

#include <algorithm>
#include <cassert>

#include "attention/blas.hpp"
#include "attention/blas_threads.hpp"
#include "core/parallel.hpp"

namespace attn {
namespace {

// Large enough for a product to run at full speed, small enough that a short sequence still keeps
// all threads busy. Constants, so that the work is divided alike for every number of threads.
constexpr std::size_t kBlockRows = 256;
constexpr std::size_t kBlockColumns = 192;

std::size_t divide_up(std::size_t count, std::size_t by) {
    return (count + by - 1) / by;
}

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
Array<T> project(const Array<T>& x, const Array<T>& W, const Array<T>& b) {
    assert(x.rank() == 3 && W.rank() == 2 && x.extent(2) == W.extent(0));
    assert(b.empty() || b.size() == W.extent(1));
    const std::size_t rows = x.extent(0) * x.extent(1);
    const std::size_t d_in = W.extent(0);
    const std::size_t d_out = W.extent(1);
    std::vector<T> result(rows * d_out);

    const SingleThreadedBlas blas;
    const std::size_t across = divide_up(d_out, kBlockColumns);
    parallel_for(divide_up(rows, kBlockRows) * across, [&](std::size_t block) {
        const std::size_t row = block / across * kBlockRows;
        const std::size_t column = block % across * kBlockColumns;
        const std::size_t height = std::min(kBlockRows, rows - row);
        const std::size_t width = std::min(kBlockColumns, d_out - column);
        const MatrixView<T> part(result.data() + row * d_out + column, height, width, d_out);
        multiply<T>({x.data() + row * d_in, height, d_in}, {W.data() + column, d_in, width, d_out},
                    part);
        if (!b.empty()) add_to_rows(part, Span<const T>(b.data() + column, width));
    });
    return Array<T>({x.extent(0), x.extent(1), d_out}, std::move(result));
}

template Array<float> project(const Array<float>&, const Array<float>&, const Array<float>&);
template Array<double> project(const Array<double>&, const Array<double>&, const Array<double>&);

}  // namespace attn
