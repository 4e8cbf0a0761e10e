// One layer as rollout multiplies it: heads fused into one matrix, row by row, never held as a
// whole. The order of the steps is that of Abnar & Zuidema 2020 with the options around it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "analysis/discard.hpp"
#include "analysis/rollout_options.hpp"
#include "analysis/row_sum_watch.hpp"
#include "attention/mask.hpp"
#include "core/buffer_pool.hpp"
#include "core/span.hpp"
#include "io/matrix_reader.hpp"

namespace attn::analysis {

// A row that was read is not causal, though the mask is.
struct NotCausal {};

// What one layer of one sequence holds; views of what others keep. T is float or double.
template <class T>
struct LayerHeads {
    std::string name;                            // for messages: "weights.npy: layer 2"
    std::vector<MatrixView<const T>> weights;    // of each head that is fused, [queries, keys]
    std::vector<MatrixView<const T>> gradients;  // likewise, for what is fused with them
    std::vector<double> shares;                  // of each head in the mean; empty: all the same
    std::vector<std::size_t> places;             // of each head, as the mask knows them
    std::vector<std::size_t> numbers;            // what each head is called
    const Mask<T>* mask = nullptr;
    std::size_t layer = 0;
    std::size_t sequence = 0;
    bool causal_unproved = false;  // throws NotCausal where a cell right of the diagonal is not 0
    RowSumWatch* sums = nullptr;   // is shown every row that is read; null: nobody asks
    // Where the matrices are only some rows: the query of the first, and how many there are in all;
    // others may not be asked for.
    std::size_t first_query = 0;
    std::size_t all_queries = 0;

    std::size_t queries() const { return all_queries > 0 ? all_queries : weights.front().rows; }
    std::size_t keys() const { return weights.front().columns; }
};

// The cells of one row that may be attended, by any head.
struct AllowedCells {
    KeyRange range;
    std::vector<std::uint8_t> blocked;  // of the range, 1 where no head may; empty: all may

    bool has(std::size_t key) const {
        return range.contains(key) && (blocked.empty() || blocked[key - range.begin] == 0);
    }
    std::size_t count() const;
};

// Those of a row that has weights, by the mask; of a row of zeros in every head there are none.
template <class T>
AllowedCells allowed_cells(const LayerHeads<T>& heads, std::size_t query);

template <class T>
class FusedLayer {
  public:
    // Looks for what is to be discarded, where that takes the whole matrix. Throws Error for
    // weights below 0, and for those that are not finite, with their place.
    FusedLayer(LayerHeads<T> heads, const RolloutOptions& options);

    std::size_t queries() const { return heads_.queries(); }
    std::size_t keys() const { return heads_.keys(); }

    // Rows first … first + count of the matrix, [count, keys]. Threads may call it at once.
    void rows(std::size_t first, std::size_t count, T* into) const;

    // Outside of these keys the rows are zero.
    KeyRange range_of(std::size_t first, std::size_t count) const;

  private:
    KeyRange row_range(std::size_t query) const;
    void fuse(std::size_t query, const AllowedCells& allowed, std::vector<double>& row) const;
    void add_products(std::size_t query, KeyRange range, std::vector<double>& row) const;
    void add_weights(std::size_t query, KeyRange range, std::vector<double>& row) const;
    bool is_plain_mean() const {
        return heads_.shares.empty() && options_.fuse != Fuse::max && options_.fuse != Fuse::min;
    }
    bool add_and_watch(std::size_t query, KeyRange range, std::vector<double>& row) const;
    void show_sum(std::size_t query, std::size_t head, double sum) const;
    void require_causal(std::size_t query) const;
    void require_weights(std::size_t query, KeyRange range) const;
    void move_first_key(std::size_t query, std::vector<double>& row) const;
    void discard(std::size_t query, const AllowedCells& allowed, std::vector<double>& row) const;
    void add_residual(std::size_t query, KeyRange range, std::vector<double>& row) const;
    void make_row(std::size_t query, std::vector<double>& row) const;
    void make_rows(std::size_t first, std::size_t count, T* into) const;
    // The same of these rows alone, which were read into the buffer.
    FusedLayer at_hand(std::size_t first, std::size_t count, T* buffer) const;

    LayerHeads<T> heads_;
    RolloutOptions options_;
    Discard discard_;
    // Reads the weights and, behind them, the gradients; null: they are looked at where they lie.
    std::shared_ptr<const io::MatrixReader<T>> reader_;
    std::size_t rows_at_once_ = 1;                  // that are read
    std::shared_ptr<BufferPool<T>> rows_of_heads_;  // room for them
};

}  // namespace attn::analysis
