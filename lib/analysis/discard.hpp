// Which cells are the smallest of a matrix that nobody holds: an exact threshold in a few passes.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace attn::analysis {

// The smallest cells: those below the threshold, and of each row the first `ties` that equal it.
struct Discard {
    double threshold = -1;          // no cell is below
    std::vector<std::size_t> ties;  // of each row; empty: none

    std::size_t ties_of(std::size_t row) const { return ties.empty() ? 0 : ties[row]; }
};

// Gives the cells of a row that count, in the order of their keys; they are 0 or more. Called from
// several threads.
using RowCells = std::function<void(std::size_t row, std::vector<double>& cells)>;

// The `count` smallest cells of all rows, ordered by value, then by place; at most as many as there
// are. Radix selection on the bits of the numbers: O(rows) memory beside the candidates of one
// digit.
Discard find_discard(std::size_t rows, std::size_t count, const RowCells& cells);

// The same of one row.
Discard find_row_discard(std::vector<double> cells, std::size_t count);

}  // namespace attn::analysis
