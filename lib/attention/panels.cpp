#include "attention/panels.hpp"

#include <algorithm>
#include <cassert>

namespace attn {

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
        for (std::size_t column = 0; column < to.width; ++column) {
            const T* from = values.data + (to.first_column + column) * values.stride;
            for (std::size_t k = 0; k < depth_; ++k)
                start[k * to.width + column] = column < filled ? from[k] : T{0};
        }
    }
}

template class Panels<float>;
template class Panels<double>;

}  // namespace attn
