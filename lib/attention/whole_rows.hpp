// A tile with all keys in its matrices: for sinks that look at every cell, whatever keys the source
// has computed.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "attention/tile.hpp"

namespace attn {

template <class T>
class WholeRows {
  public:
    // Shows the tile itself where it holds all `keys`, else a copy of its weights and scores; its
    // mask array stays as it is. The tile must outlive this.
    WholeRows(const Tile<T>& tile, std::size_t keys) : tile_(tile) {
        if (tile.active.begin == 0 && tile.active.end == keys) return;
        tile_.active = {0, keys};
        tile_.blocked = {};
        tile_.weights = widened(tile.weights, tile, keys, T{0}, weights_);
        if (!tile.scores.empty())
            tile_.scores =
                widened(tile.scores, tile, keys, -std::numeric_limits<T>::infinity(), scores_);
    }
    WholeRows(const WholeRows&) = delete;
    WholeRows& operator=(const WholeRows&) = delete;

    const Tile<T>& tile() const { return tile_; }

  private:
    static MatrixView<const T> widened(MatrixView<const T> cells, const Tile<T>& tile,
                                       std::size_t keys, T masked, std::vector<T>& into) {
        into.assign(cells.rows * keys, masked);
        for (std::size_t row = 0; row < cells.rows; ++row) {
            const Span<const T> from = cells.row(row);
            std::copy(from.begin(), from.end(), into.data() + row * keys + tile.active.begin);
        }
        return {into.data(), cells.rows, keys};
    }

    Tile<T> tile_;
    std::vector<T> weights_, scores_;
};

}  // namespace attn
