// The left part of a matrix, copied.
#pragma once

#include <algorithm>

#include "core/matrix.hpp"

namespace attn {

// [rows, count] of a [rows, columns].
template <class T>
Matrix<T> first_columns(const Matrix<T>& a, std::size_t count) {
    assert(count <= a.columns);
    Matrix<T> cut(a.rows, count);
    for (std::size_t row = 0; row < a.rows; ++row)
        std::copy_n(a.row(row).begin(), count, cut.row(row).begin());
    return cut;
}

}  // namespace attn
