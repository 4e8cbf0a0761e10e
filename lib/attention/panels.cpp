#include "attention/panels.hpp"

#include <algorithm>
#include <cassert>
#include <xsimd/xsimd.hpp>

#include "core/divide_up.hpp"
#include "core/memory.hpp"

namespace attn {
namespace {

// A square of registers, transposed: halves of the rows are interleaved as often as it takes.
template <class T>
void transpose_square(const T* from, std::size_t from_stride, T* to, std::size_t to_stride) {
    using Batch = xsimd::batch<T>;
    constexpr std::size_t side = Batch::size;
    Batch rows[side];
    for (std::size_t i = 0; i < side; ++i) rows[i] = Batch::load_unaligned(from + i * from_stride);
    for (std::size_t round = side; round > 1; round /= 2) {
        Batch mixed[side];
        for (std::size_t i = 0; i < side / 2; ++i) {
            mixed[2 * i] = xsimd::zip_lo(rows[i], rows[i + side / 2]);
            mixed[2 * i + 1] = xsimd::zip_hi(rows[i], rows[i + side / 2]);
        }
        std::copy_n(mixed, side, rows);
    }
    for (std::size_t k = 0; k < side; ++k) rows[k].store_unaligned(to + k * to_stride);
}

// to[k][i] = from[i][k]
template <class T>
void transpose(const T* from, std::size_t from_stride, std::size_t rows, std::size_t columns, T* to,
               std::size_t to_stride) {
    constexpr std::size_t side = xsimd::batch<T>::size;
    std::size_t i = 0;
    std::size_t in_squares = 0;
    for (; i + side <= rows; i += side) {
        const T* const square = from + i * from_stride;
        std::size_t k = 0;
        for (; k + side <= columns; k += side)
            transpose_square(square + k, from_stride, to + k * to_stride + i, to_stride);
        in_squares = k;
    }
    for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t k = row < i ? in_squares : 0; k < columns; ++k)
            to[k * to_stride + row] = from[row * from_stride + k];
    }
}

}  // namespace

template <class T>
Panels<T>::Panels(const Kernels<T>& kernels, std::size_t count, std::size_t depth,
                  std::size_t columns)
    : depth_(depth),
      columns_(columns),
      panel_width_(kernels.panel_width),
      padded_columns_(divide_up(columns, kernels.lanes) * kernels.lanes),
      values_(count * depth * padded_columns_) {
    prefer_large_pages(values_.data(), count * depth * padded_columns_ * sizeof(T));
}

template <class T>
Panel<T> Panels<T>::panel(std::size_t matrix, std::size_t index) const {
    const std::size_t first = index * panel_width_;
    assert(first < padded_columns_);
    return {start_of(matrix, index), first, std::min(panel_width_, padded_columns_ - first)};
}

template <class T>
void Panels<T>::pack(std::size_t matrix, MatrixView<const T> values) {
    assert(values.rows == depth_ && values.columns == columns_);
    for (std::size_t index = 0; index < panels(); ++index) {
        const Panel<T> to = panel(matrix, index);
        const std::size_t filled = std::min(to.width, columns_ - to.first_column);
        T* row = start_of(matrix, index);
        for (std::size_t k = 0; k < depth_; ++k, row += to.width) {
            const T* from = values.data + k * values.stride + to.first_column;
            std::fill(std::copy(from, from + filled, row), row + to.width, T{0});
        }
    }
}

template <class T>
void Panels<T>::pack_transposed(std::size_t matrix, MatrixView<const T> values) {
    assert(values.rows == columns_ && values.columns == depth_);
    for (std::size_t index = 0; index < panels(); ++index) {
        const Panel<T> to = panel(matrix, index);
        const std::size_t filled = std::min(to.width, columns_ - to.first_column);
        T* const start = start_of(matrix, index);
        if (filled < to.width) std::fill(start, start + depth_ * to.width, T{0});
        transpose(values.data + to.first_column * values.stride, values.stride, filled, depth_,
                  start, to.width);
    }
}

template class Panels<float>;
template class Panels<double>;

}  // namespace attn
