// A matrix made smaller: each cell is the largest of the block of values that it stands for, so
// that no lone peak is lost. Gathered tile by tile; the same whatever tile comes first.
#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

#include "analysis/top_keys.hpp"
#include "attention/tile.hpp"

namespace attn::analysis {

// Where the cells along one axis begin; one more for the end.
using CellBegins = std::vector<std::size_t>;

// Cells of `pool` positions, the last one of what is left.
CellBegins pooled_cells(std::size_t positions, std::size_t pool);
// So many cells, at most as many as there are positions, as equal as can be.
CellBegins even_cells(std::size_t positions, std::size_t cells);

class LargestCells {
  public:
    LargestCells(CellBegins rows, CellBegins columns, TopOrder order);

    // Different tiles may be added at once. What is not a number counts as 0, and so does with
    // TopOrder::value what is below it.
    template <class T>
    void add(const Tile<T>& tile);

    // [rows, columns]; of differences with their sign, of equals the positive one.
    const std::vector<float>& values() const { return values_; }
    std::size_t rows() const { return rows_.size() - 1; }
    std::size_t columns() const { return columns_.size() - 1; }

  private:
    template <TopOrder Order, class T>
    void add_in(const Tile<T>& tile);
    // What is largest of each key in the rows of a cell.
    template <TopOrder Order>
    void join(std::size_t row, std::size_t first_key, const std::vector<float>& keys);

    CellBegins rows_;
    CellBegins columns_;
    TopOrder order_;
    std::mutex mutex_;
    std::vector<float> values_;
};

}  // namespace attn::analysis
