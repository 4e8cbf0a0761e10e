#include "analysis/difference_cells.hpp"

#include <cassert>
#include <cmath>

#include "core/divide_up.hpp"

namespace attn::analysis {
namespace {

void keep_largest(float& cell, float value) {
    if (std::isnan(value) || value > cell) cell = value;
}

// `first`: nothing is in the cell yet. -inf may be a difference, too.
void keep_farthest(float& cell, float value, bool first) {
    if (std::isnan(cell)) return;
    if (first || std::isnan(value) || std::abs(value) > std::abs(cell)) cell = value;
}

}  // namespace

template <class T>
DifferenceCells difference_cells(MatrixView<const T> a, MatrixView<const T> b, std::size_t pool,
                                 Span<const KeyRange> allowed) {
    assert(a.rows == b.rows && a.columns == b.columns && pool > 0);
    assert(allowed.empty() || allowed.size() == a.rows);
    DifferenceCells cells;
    cells.rows = divide_up(a.rows, pool);
    cells.columns = divide_up(a.columns, pool);
    const std::size_t count = cells.rows * cells.columns;
    cells.a.assign(count, -INFINITY);
    cells.b.assign(count, -INFINITY);
    cells.difference.assign(count, -INFINITY);
    for (std::size_t row = 0; row < a.rows; ++row) {
        const auto x = a.row(row), y = b.row(row);
        const KeyRange keys = allowed.empty() ? KeyRange{0, a.columns} : allowed[row];
        for (std::size_t column = 0; column < a.columns; ++column) {
            if (!keys.contains(column) && x[column] == 0 && y[column] == 0) continue;
            const std::size_t cell = row / pool * cells.columns + column / pool;
            const bool first = cells.a[cell] == -INFINITY && cells.b[cell] == -INFINITY;
            keep_largest(cells.a[cell], static_cast<float>(x[column]));
            keep_largest(cells.b[cell], static_cast<float>(y[column]));
            keep_farthest(cells.difference[cell], static_cast<float>(x[column] - y[column]), first);
        }
    }
    return cells;
}

template DifferenceCells difference_cells<float>(MatrixView<const float>, MatrixView<const float>,
                                                 std::size_t, Span<const KeyRange>);
template DifferenceCells difference_cells<double>(MatrixView<const double>,
                                                  MatrixView<const double>, std::size_t,
                                                  Span<const KeyRange>);

}  // namespace attn::analysis
