#include "analysis/cell_pooling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/nearest.hpp"

namespace attn::analysis {
namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();

std::size_t divide_up(std::size_t count, std::size_t by) {
    return (count + by - 1) / by;
}

// The larger one; NaN stays, because it is what the reader must see.
float larger(float a, float b) {
    return b > a || std::isnan(b) ? b : a;
}

float mean_or_masked(double sum, std::uint32_t count) {
    return count == 0 ? kMasked : static_cast<float>(sum / count);
}

}  // namespace

PoolKind pool_kind(const std::string& name) {
    if (name == "max") return PoolKind::max;
    if (name == "mean") return PoolKind::mean;
    const std::string close = nearest(name, {"max", "mean"});
    fail("--pool ", name, ": expected max or mean",
         close.empty() ? "" : "; did you mean " + close + "?");
}

CellGrid pool_again(const CellGrid& grid, std::size_t factor, PoolKind kind) {
    if (factor == 1) return grid;
    CellGrid result;
    result.rows = divide_up(grid.rows, factor);
    result.columns = divide_up(grid.columns, factor);
    result.pool = grid.pool * factor;
    const std::size_t cells = result.rows * result.columns;
    result.values.assign(cells, kMasked);
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
        largest_.assign(slots * columns_, kMasked);
    } else {
        sums_.assign(slots * columns_, 0);
        counts_.assign(slots * columns_, 0);
    }
}

template <class T>
void CellPooling::add(const Tile<T>& tile) {
    const CellRows& rows = blocks_[tile.block(shape_)];
    if (rows.count == 0) return;
    for (std::size_t row = 0; row < tile.rows(); ++row) {
        const std::size_t query = tile.first_query + row;
        if (query < window_.first_query || query >= window_.first_query + window_.queries) continue;
        const std::size_t end = std::min(tile.allowed[row].end, window_.first_key + window_.keys);
        std::size_t begin = std::max(tile.allowed[row].begin, window_.first_key);
        const std::size_t cell_row = (query - window_.first_query) / pool_;
        const std::size_t offset = (rows.slot + cell_row - rows.first) * columns_;
        // Keys come in runs that may be attended; without a mask array there is one.
        while (begin < end) {
            std::size_t stop = tile.blocked.empty() ? end : begin;
            while (stop < end && tile.may_attend(row, stop)) ++stop;
            add_run(tile.weights.row(row).data() + (begin - tile.active.begin), {begin, stop},
                    offset);
            begin = stop;
            while (begin < end && !tile.may_attend(row, begin)) ++begin;
        }
    }
}

template <class T>
void CellPooling::add_run(const T* weights, KeyRange keys, std::size_t offset) {
    if (keys.empty()) return;
    const Span<const T> run(weights, keys.size());
    if (kind_ == PoolKind::max) {
        add_max(run, keys.begin - window_.first_key, largest_.data() + offset);
    } else {
        add_mean(run, keys.begin - window_.first_key, sums_.data() + offset,
                 counts_.data() + offset);
    }
}

template <class T>
void CellPooling::add_max(Span<const T> weights, std::size_t first_key, float* cells) const {
    std::size_t i = 0;
    while (i < weights.size()) {
        const std::size_t cell = (first_key + i) / pool_;
        const std::size_t stop = std::min(weights.size(), (cell + 1) * pool_ - first_key);
        float high = cells[cell];
        for (; i < stop; ++i) high = larger(high, static_cast<float>(weights[i]));
        cells[cell] = high;
    }
}

template <class T>
void CellPooling::add_mean(Span<const T> weights, std::size_t first_key, double* sums,
                           std::uint32_t* counts) const {
    std::size_t i = 0;
    while (i < weights.size()) {
        const std::size_t cell = (first_key + i) / pool_;
        const std::size_t begin = i;
        const std::size_t stop = std::min(weights.size(), (cell + 1) * pool_ - first_key);
        double sum = 0;
        for (; i < stop; ++i) sum += static_cast<double>(weights[i]);
        sums[cell] += sum;
        counts[cell] += static_cast<std::uint32_t>(stop - begin);
    }
}

CellGrid CellPooling::finish() {
    CellGrid grid;
    grid.rows = rows_;
    grid.columns = columns_;
    grid.pool = pool_;
    grid.values.assign(rows_ * columns_, kMasked);
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
