#include "analysis/largest_cells.hpp"

#include <algorithm>
#include <cmath>

namespace attn::analysis {
namespace {

// The cell in which a position lies.
std::size_t cell_of(const CellBegins& begins, std::size_t position) {
    return static_cast<std::size_t>(std::upper_bound(begins.begin(), begins.end(), position) -
                                    begins.begin()) -
           1;
}

}  // namespace

CellBegins pooled_cells(std::size_t positions, std::size_t pool) {
    CellBegins begins;
    for (std::size_t begin = 0; begin < positions; begin += pool) begins.push_back(begin);
    begins.push_back(positions);
    return begins;
}

CellBegins even_cells(std::size_t positions, std::size_t cells) {
    const std::size_t count = std::min(positions, cells);
    CellBegins begins;
    for (std::size_t cell = 0; cell <= count; ++cell) begins.push_back(cell * positions / count);
    return begins;
}

LargestCells::LargestCells(CellBegins rows, CellBegins columns, TopOrder order)
    : rows_(std::move(rows)),
      columns_(std::move(columns)),
      order_(order),
      values_((rows_.size() - 1) * (columns_.size() - 1)) {}

bool LargestCells::is_larger(float value, float than) const {
    if (order_ == TopOrder::value) return value > than;
    const float size = std::abs(value), other = std::abs(than);
    return size > other || (size == other && value > than);
}

template <class T>
void LargestCells::add_row(const Tile<T>& tile, std::size_t row, std::vector<float>& cells) const {
    const Span<const T> weights = tile.weights.row(row);
    const std::size_t begin = tile.active.begin, end = tile.active.end;
    for (std::size_t cell = cell_of(columns_, begin); cell < columns(); ++cell) {
        const std::size_t first = std::max(begin, columns_[cell]);
        const std::size_t last = std::min(end, columns_[cell + 1]);
        if (first >= end) return;
        float largest = cells[cell];
        for (std::size_t key = first; key < last; ++key) {
            const auto value = static_cast<float>(weights[key - begin]);
            if (is_larger(value, largest)) largest = value;
        }
        cells[cell] = largest;
    }
}

void LargestCells::join(std::size_t row, const std::vector<float>& cells) {
    const std::lock_guard<std::mutex> lock(mutex_);
    float* into = values_.data() + row * columns();
    for (std::size_t column = 0; column < cells.size(); ++column) {
        if (is_larger(cells[column], into[column])) into[column] = cells[column];
    }
}

template <class T>
void LargestCells::add(const Tile<T>& tile) {
    if (tile.active.empty()) return;
    std::vector<float> cells(columns());
    std::size_t cell_row = cell_of(rows_, tile.first_query);
    for (std::size_t row = 0; row < tile.rows(); ++row) {
        if (tile.first_query + row == rows_[cell_row + 1]) {
            join(cell_row++, cells);
            std::fill(cells.begin(), cells.end(), 0.0F);
        }
        add_row(tile, row, cells);
    }
    join(cell_row, cells);
}

template void LargestCells::add(const Tile<float>&);
template void LargestCells::add(const Tile<double>&);

}  // namespace attn::analysis
