// The weights of one head shrunk to the cells of a picture, gathered tile by tile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "attention/tile.hpp"

namespace attn::analysis {

enum class PoolKind { max, mean };

// Throws Error, with the nearest name, for anything but max and mean.
PoolKind pool_kind(const std::string& name);

// The part of a matrix that is looked at.
struct CellWindow {
    std::size_t first_query = 0;
    std::size_t queries = 0;
    std::size_t first_key = 0;
    std::size_t keys = 0;
};

// Cells [rows, columns] for pool x pool weights each, over those that may be attended. -inf: every
// one of them is masked. NaN: at least one is not a number.
struct CellGrid {
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::size_t pool = 1;
    std::vector<float> values;
    std::vector<std::uint32_t> counts;  // weights in each cell; only for the mean, to pool it again

    MatrixView<const float> cells() const { return {values.data(), rows, columns}; }
};

// The grid with `factor` x `factor` cells made one; cells of cells weigh as much as they hold.
CellGrid pool_again(const CellGrid& grid, std::size_t factor, PoolKind kind);

// Gathers one head. Rows of cells that two tiles share are kept apart until all tiles are there,
// then joined in the order of the tiles: the result has the same bits whatever thread was first.
class CellPooling {
  public:
    CellPooling(const LayerShape& shape, const CellWindow& window, std::size_t pool, PoolKind kind);

    // Different tiles may be added at once.
    template <class T>
    void add(const Tile<T>& tile);

    // Call once, after the last tile.
    CellGrid finish();

  private:
    // Rows first … last of cells that the block's queries fall into, counted from the window's top.
    struct CellRows {
        std::size_t first = 0;
        std::size_t count = 0;
        std::size_t slot = 0;  // where they lie among the partial rows
    };

    LayerShape shape_;
    CellWindow window_;
    std::size_t pool_;
    PoolKind kind_;
    std::size_t rows_;
    std::size_t columns_;
    std::vector<CellRows> blocks_;
    std::vector<float> largest_;  // partial rows for the max
    std::vector<double> sums_;    // and for the mean
    std::vector<std::uint32_t> counts_;

    // Calls visit(keys) for each run of keys in the window that the row may attend.
    template <class T, class Visit>
    void for_runs(const Tile<T>& tile, std::size_t row, const Visit& visit) const;
    template <class T>
    void add_max(const Tile<T>& tile, KeyRange tile_rows, float* cells) const;
    template <class T>
    void add_mean(const Tile<T>& tile, std::size_t row, double* sums, std::uint32_t* counts) const;
};

}  // namespace attn::analysis
