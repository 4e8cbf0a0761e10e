// A matrix that owns its numbers: what is computed away from the arrays that a user gave and from
// the tiles. `MatrixView` (core/span.hpp) looks at one without owning it.
#pragma once

#include <cassert>
#include <cstddef>
#include <vector>

#include "core/span.hpp"

namespace attn {

// [rows, columns] in row-major order, zeros at first.
template <class T>
struct Matrix {
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::vector<T> values;

    Matrix() = default;
    Matrix(std::size_t rows_, std::size_t columns_)
        : rows(rows_), columns(columns_), values(rows_ * columns_) {}

    bool empty() const { return values.empty(); }
    T& at(std::size_t row, std::size_t column) { return this->row(row)[column]; }
    const T& at(std::size_t row, std::size_t column) const { return this->row(row)[column]; }
    Span<T> row(std::size_t i) {
        return assert(i < rows), Span<T>(values.data() + i * columns, columns);
    }
    Span<const T> row(std::size_t i) const {
        return assert(i < rows), Span<const T>(values.data() + i * columns, columns);
    }
    MatrixView<T> view() { return {values.data(), rows, columns}; }
    MatrixView<const T> view() const { return {values.data(), rows, columns}; }
};

}  // namespace attn
