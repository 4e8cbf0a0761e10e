#include "analysis/cell_pooling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/divide_up.hpp"
#include "core/error.hpp"
#include "core/nearest.hpp"
#include "kernels/kernels.hpp"

namespace attn::analysis {
namespace {

constexpr float kNoCell = -std::numeric_limits<float>::infinity();

// The larger one; NaN stays, because it is what the reader must see.
float larger(float a, float b) {
    return b > a || std::isnan(b) ? b : a;
}

float mean_or_masked(double sum, std::uint32_t count) {
    return count == 0 ? kNoCell : static_cast<float>(sum / count);
}

}  // namespace

PoolKind pool_kind(const std::string& name) {
    if (name == "max") return PoolKind::max;
    if (name == "mean") return PoolKind::mean;
    fail("--pool ", name, ": expected max or mean", did_you_mean(name, {"max", "mean"}));
}

CellGrid pool_again(const CellGrid& grid, std::size_t factor, PoolKind kind) {
    if (factor == 1) return grid;
    CellGrid result;
    result.rows = divide_up(grid.rows, factor);
    result.columns = divide_up(grid.columns, factor);
    result.pool = grid.pool * factor;
    const std::size_t cells = result.rows * result.columns;
    result.values.assign(cells, kNoCell);
    if (kind == PoolKind::mean) result.counts.assign(cells, 0);
    std::vector<double> sums(kind == PoolKind::mean ? cells : 0);

    for (std::size_t row = 0; row < grid.rows; ++row) {
        for (std::size_t column = 0; column < grid.columns; ++column) {
            const std::size_t from = row * grid.columns + column;
            const std::size_t to = row / factor * result.columns + column / factor;
            if (kind == PoolKind::max) {
                result.values[to] = larger(result.values[to], grid.values[from]);
            } else if (grid.counts[from] > 0) {
                sums[to] += static_cast<double>(grid.values[from]) * grid.counts[from];
                result.counts[to] += grid.counts[from];
            }
        }
    }
    for (std::size_t cell = 0; cell < sums.size(); ++cell) {
        result.values[cell] = mean_or_masked(sums[cell], result.counts[cell]);
    }
    return result;
}

CellPooling::CellPooling(const LayerShape& shape, const CellWindow& window, std::size_t pool,
                         PoolKind kind)
    : shape_(shape),
      window_(window),
      pool_(pool),
      kind_(kind),
      rows_(divide_up(window.queries, pool)),
      columns_(divide_up(window.keys, pool)),
      blocks_(shape.blocks()) {
    std::size_t slots = 0;
    const std::size_t window_end = window.first_query + window.queries;
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
        const std::size_t begin = std::max(block * shape.block_rows, window.first_query);
        const std::size_t end =
            std::min(block * shape.block_rows + shape.rows_of_block(block), window_end);
        if (begin >= end) continue;
        const std::size_t first = (begin - window.first_query) / pool;
        const std::size_t last = (end - 1 - window.first_query) / pool;
        blocks_[block] = {first, last - first + 1, slots};
        slots += last - first + 1;
    }
    if (kind == PoolKind::max) {
        largest_.assign(slots * columns_, kNoCell);
    } else {
        sums_.assign(slots * columns_, 0);
        counts_.assign(slots * columns_, 0);
    }
}

template <class T>
void CellPooling::add(const Tile<T>& tile) {
    const CellRows& rows = blocks_[tile.block(shape_)];
    for (std::size_t i = 0; i < rows.count; ++i) {
        // The rows of the tile that fall into this row of cells.
        const std::size_t first = window_.first_query + (rows.first + i) * pool_;
        const std::size_t last =
            std::min(first + pool_, window_.first_query + window_.queries) - tile.first_query;
        const KeyRange tile_rows{std::max(first, tile.first_query) - tile.first_query,
                                 std::min(last, tile.rows())};
        const std::size_t offset = (rows.slot + i) * columns_;
        if (kind_ == PoolKind::max) {
            add_max(tile, tile_rows, largest_.data() + offset);
        } else {
            for (std::size_t row = tile_rows.begin; row < tile_rows.end; ++row)
                add_mean(tile, row, sums_.data() + offset, counts_.data() + offset);
        }
    }
}

// Without a mask array there is one run.
template <class T, class Visit>
void CellPooling::for_runs(const Tile<T>& tile, std::size_t row, const Visit& visit) const {
    const std::size_t end = std::min(tile.allowed[row].end, window_.first_key + window_.keys);
    std::size_t begin = std::max(tile.allowed[row].begin, window_.first_key);
    while (begin < end) {
        std::size_t stop = tile.blocked.empty() ? end : begin;
        while (stop < end && tile.may_attend(row, stop)) ++stop;
        if (stop > begin) visit(KeyRange{begin, stop});
        begin = stop;
        while (begin < end && !tile.may_attend(row, begin)) ++begin;
    }
}

// First the largest of each column, then of each cell: nearly all of the work is on whole rows.
template <class T>
void CellPooling::add_max(const Tile<T>& tile, KeyRange tile_rows, float* cells) const {
    const Kernels<T>& kernels = attn::kernels<T>();
    std::vector<T> columns(window_.keys, static_cast<T>(kNoCell));
    for (std::size_t row = tile_rows.begin; row < tile_rows.end; ++row) {
        for_runs(tile, row, [&](KeyRange keys) {
            kernels.take_larger(columns.data() + (keys.begin - window_.first_key),
                                tile.weights.row(row).data() + (keys.begin - tile.active.begin),
                                keys.size());
        });
    }
    for (std::size_t cell = 0; cell < columns_; ++cell) {
        const std::size_t first = cell * pool_;
        const std::size_t size = std::min(pool_, window_.keys - first);
        const T high = size == 1 ? columns[first] : kernels.largest(columns.data() + first, size);
        cells[cell] = larger(cells[cell], static_cast<float>(high));
    }
}

template <class T>
void CellPooling::add_mean(const Tile<T>& tile, std::size_t row, double* sums,
                           std::uint32_t* counts) const {
    for_runs(tile, row, [&](KeyRange keys) {
        for (std::size_t key = keys.begin; key < keys.end;) {
            const std::size_t cell = (key - window_.first_key) / pool_;
            const std::size_t begin = key;
            const std::size_t stop = std::min(keys.end, window_.first_key + (cell + 1) * pool_);
            double sum = 0;
            for (; key < stop; ++key)
                sum += static_cast<double>(tile.weights.row(row)[key - tile.active.begin]);
            sums[cell] += sum;
            counts[cell] += static_cast<std::uint32_t>(stop - begin);
        }
    });
}

CellGrid CellPooling::finish() {
    CellGrid grid;
    grid.rows = rows_;
    grid.columns = columns_;
    grid.pool = pool_;
    grid.values.assign(rows_ * columns_, kNoCell);
    if (kind_ == PoolKind::mean) grid.counts.assign(rows_ * columns_, 0);
    std::vector<double> sums(kind_ == PoolKind::mean ? rows_ * columns_ : 0);

    for (const CellRows& block : blocks_) {
        for (std::size_t i = 0; i < block.count * columns_; ++i) {
            const std::size_t from = block.slot * columns_ + i;
            const std::size_t to = block.first * columns_ + i;
            if (kind_ == PoolKind::max) {
                grid.values[to] = larger(grid.values[to], largest_[from]);
            } else {
                sums[to] += sums_[from];
                grid.counts[to] += counts_[from];
            }
        }
    }
    for (std::size_t cell = 0; cell < sums.size(); ++cell) {
        grid.values[cell] = mean_or_masked(sums[cell], grid.counts[cell]);
    }
    return grid;
}

template void CellPooling::add(const Tile<float>&);
template void CellPooling::add(const Tile<double>&);

}  // namespace attn::analysis
