// Matrices in the order in which the panel kernels read them: cut into panels of some columns, each
// panel row after row. Packed once, used by every block of queries.
#pragma once

#include "core/aligned_buffer.hpp"
#include "core/divide_up.hpp"
#include "core/span.hpp"
#include "kernels/kernels.hpp"

namespace attn {

// Columns first … of a packed matrix; `width` may reach beyond its last column into zeros.
template <class T>
struct Panel {
    const T* data = nullptr;
    std::size_t first_column = 0;
    std::size_t width = 0;
};

// `count` matrices [depth, columns] of one shape.
template <class T>
class Panels {
  public:
    Panels(const Kernels<T>& kernels, std::size_t count, std::size_t depth, std::size_t columns);

    std::size_t panels() const { return divide_up(columns_, panel_width_); }
    Panel<T> panel(std::size_t matrix, std::size_t index) const;

    // Columns, with the zeros that fill the last register.
    std::size_t padded_columns() const { return padded_columns_; }

    // Different matrices may be packed at once.
    void pack(std::size_t matrix, MatrixView<const T> values);             // [depth, columns]
    void pack_transposed(std::size_t matrix, MatrixView<const T> values);  // [columns, depth]

  private:
    std::size_t depth_;
    std::size_t columns_;
    std::size_t panel_width_;
    std::size_t padded_columns_;
    AlignedBuffer<T> values_;

    T* start_of(std::size_t matrix, std::size_t index) const {
        return values_.data() + depth_ * (matrix * padded_columns_ + index * panel_width_);
    }
};

}  // namespace attn
