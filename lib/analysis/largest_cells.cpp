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

// Without a branch, so that compilers make vectors of loops over it.
template <TopOrder Order>
float larger_of(float value, float than) {
    if constexpr (Order == TopOrder::value) return value > than ? value : than;
    const float size = std::abs(value), other = std::abs(than);
    return (size > other) | ((size == other) & (value > than)) ? value : than;
}

template <TopOrder Order, class T>
void take_larger(Span<const T> weights, float* into) {
    for (std::size_t i = 0; i < weights.size(); ++i)
        into[i] = larger_of<Order>(static_cast<float>(weights[i]), into[i]);
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

template <TopOrder Order>
void LargestCells::join(std::size_t row, std::size_t first_key, const std::vector<float>& keys) {
    const std::size_t end = first_key + keys.size();
    const std::size_t first_cell = cell_of(columns_, first_key);
    std::vector<float> cells;
    for (std::size_t cell = first_cell; cell < columns() && columns_[cell] < end; ++cell) {
        const std::size_t last = std::min(end, columns_[cell + 1]);
        float largest = 0;
        for (std::size_t key = std::max(first_key, columns_[cell]); key < last; ++key)
            largest = larger_of<Order>(keys[key - first_key], largest);
        cells.push_back(largest);
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    take_larger<Order>(Span<const float>(cells), values_.data() + row * columns() + first_cell);
}

// Row by row first, key for key, and only then along the keys: most of the work is on vectors.
template <TopOrder Order, class T>
void LargestCells::add_in(const Tile<T>& tile) {
    std::vector<float> keys(tile.active.size());
    for (std::size_t row = 0; row < tile.rows();) {
        const std::size_t cell_row = cell_of(rows_, tile.first_query + row);
        const std::size_t end = std::min(tile.rows(), rows_[cell_row + 1] - tile.first_query);
        std::fill(keys.begin(), keys.end(), 0.0F);
        for (; row < end; ++row) take_larger<Order>(tile.weights.row(row), keys.data());
        join<Order>(cell_row, tile.active.begin, keys);
    }
}

template <class T>
void LargestCells::add(const Tile<T>& tile) {
    if (tile.active.empty()) return;
    if (order_ == TopOrder::value)
        add_in<TopOrder::value>(tile);
    else
        add_in<TopOrder::magnitude>(tile);
}

template void LargestCells::add(const Tile<float>&);
template void LargestCells::add(const Tile<double>&);

}  // namespace attn::analysis
