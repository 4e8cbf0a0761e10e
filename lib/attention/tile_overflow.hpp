// Finds the numbers of a tile that leave the range of the type, and says where. What cannot happen
// for the magnitudes at hand is not looked for.
#pragma once

#include <cstdint>
#include <vector>

#include "attention/overflow.hpp"
#include "attention/tile_computation.hpp"

namespace attn {

template <class T>
class TileOverflow {
  public:
    // `matrix` is that of the packed keys and values. Throws Error for queries, keys and values
    // that are not finite. Everything below does nothing where such numbers are let through.
    TileOverflow(const LayerTask<T>& task, const TilePlace& place, std::size_t matrix);

    // Remembers which scaled products of a row, of `count` keys from `first_key` on, are beyond the
    // range.
    void see_products(std::size_t first_key, const T* products, std::size_t count);

    // Throws Error for one of those whose key is not masked; `blocked` tells of the keys from
    // `first_key` on, null: none is.
    void check_products(std::size_t row, std::size_t first_key, const std::uint8_t* blocked) const;

    // Throws Error where biases raised a score above all numbers. `largest` is that of the scores,
    // NaN if any is.
    void check_scores(std::size_t row, std::size_t first_key, const T* scores, std::size_t count,
                      T largest) const;

    // Throws Error for a row that has keys, of which all scores fell below all numbers.
    [[noreturn]] void refuse_lowest(std::size_t row, std::size_t key) const;

    void check_context(std::size_t row, Span<const T> context) const;

    bool lets_through() const { return task_.inputs.allow_nonfinite; }

  private:
    const LayerTask<T>& task_;
    TilePlace place_;
    std::size_t first_query_;
    std::size_t matrix_;
    bool products_may_overflow_ = false;
    std::vector<std::size_t> overflowed_;  // keys that see_products() saw last

    MatrixView<const T> queries() const;
    MatrixView<const T> of_kv_head(const HeadsView<T>& heads) const;
    OverflowPlace place_of(std::size_t row) const;
    // What the score is, whatever the range of T.
    long double score_of(std::size_t row, std::size_t key) const;
    void check_inputs(T largest_query) const;
};

}  // namespace attn
