#include "attention/panels.hpp"

#include <algorithm>
#include <cassert>

namespace attn {
namespace {

// Side of the squares that are turned at once: a row of one is a part of a line of cache, read and
// written as a whole.
constexpr std::size_t kSide = 16;

// to[k][i] = from[i][k] of a square. Through a copy: rows far apart would push each other out of
// the cache.
template <class T>
void transpose_square(const T* from, std::size_t from_stride, T* to, std::size_t to_stride) {
    T square[kSide][kSide];
    for (std::size_t i = 0; i < kSide; ++i) std::copy_n(from + i * from_stride, kSide, square[i]);
    for (std::size_t k = 0; k < kSide; ++k) {
        for (std::size_t i = 0; i < kSide; ++i) to[k * to_stride + i] = square[i][k];
    }
}

template <class T>
void transpose(const T* from, std::size_t from_stride, std::size_t rows, std::size_t columns, T* to,
               std::size_t to_stride) {
    for (std::size_t k = 0; k < columns; ++k) {
        for (std::size_t i = 0; i < rows; ++i) to[k * to_stride + i] = from[i * from_stride + k];
    }
}

}  // namespace

template <class T>
Panels<T>::Panels(const Kernels<T>& kernels, std::size_t count, std::size_t depth,
                  std::size_t columns)
    : depth_(depth),
      columns_(columns),
      panel_width_(kernels.panel_width),
      padded_columns_((columns + kernels.lanes - 1) / kernels.lanes * kernels.lanes),
      values_(count * depth * padded_columns_) {}

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
        for (std::size_t column = 0; column < filled; column += kSide) {
            const std::size_t columns = std::min(kSide, filled - column);
            const T* const from = values.data + (to.first_column + column) * values.stride;
            for (std::size_t k = 0; k < depth_; k += kSide) {
                T* const square = start + k * to.width + column;
                const std::size_t depth = std::min(kSide, depth_ - k);
                if (columns == kSide && depth == kSide) {
                    transpose_square(from + k, values.stride, square, to.width);
                } else {
                    transpose(from + k, values.stride, columns, depth, square, to.width);
                }
            }
        }
    }
}

template class Panels<float>;
template class Panels<double>;

}  // namespace attn
