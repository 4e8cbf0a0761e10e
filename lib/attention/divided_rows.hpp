// Work on rows that do not know each other (projections, norms, feed-forward parts), dealt out
// among processes in whole blocks of rows: those into which one process cuts its products, too,
// because a product that is cut elsewhere has other last bits.
#pragma once

#include <functional>

#include "core/array.hpp"
#include "core/communicator.hpp"

namespace attn {

// A multiple of the rows of a block of project().
constexpr std::size_t kRowsDealtOut = 256;

// [rows, columns] of what make(first, count) gives for some rows, [1, count, columns]; all of them
// on every rank, and made once. make is not called for no rows; alone for all at once. `block`:
// rows that are never cut.
template <class T>
Array<T> divide_rows(const Communicator& ranks, std::size_t rows,
                     const std::function<Array<T>(std::size_t first, std::size_t count)>& make,
                     std::size_t block = kRowsDealtOut);

// Rows first … first + count - 1 of all sequences of x [batch, tokens, columns] behind one another,
// as one sequence.
template <class T>
Array<T> some_rows_of(const Array<T>& x, std::size_t first, std::size_t count) {
    return x.reshaped({x.extent(0) * x.extent(1), x.extent(2)})
        .rows(first, count)
        .reshaped({1, count, x.extent(2)});
}

}  // namespace attn
