// The tiles of a layer in the order of heads, and who finished the last one of a head. Sources use
// it to know when a head is complete.
#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

#include "attention/tile.hpp"

namespace attn {

struct TilePlace {
    std::size_t sequence = 0;
    std::size_t head = 0;
    std::size_t block = 0;
};

class HeadCountdown {
  public:
    explicit HeadCountdown(const LayerShape& shape)
        : heads_(shape.heads), blocks_(shape.blocks()), left_(shape.sequences * shape.heads) {
        for (auto& count : left_) count = blocks_;
    }

    std::size_t tiles() const { return left_.size() * blocks_; }

    TilePlace place(std::size_t item) const {
        const std::size_t head = item / blocks_;
        return {head / heads_, head % heads_, item % blocks_};
    }

    // The same tiles with all heads of a block of rows behind one another.
    TilePlace place_by_block(std::size_t item) const {
        const std::size_t row = item / heads_;
        return {row / blocks_, item % heads_, row % blocks_};
    }

    // Counts a tile as done; true for exactly one tile of each head, when all its others are done.
    bool finish(const TilePlace& place) {
        return --left_[place.sequence * heads_ + place.head] == 0;
    }

  private:
    std::size_t heads_;
    std::size_t blocks_;
    std::vector<std::atomic<std::size_t>> left_;
};

}  // namespace attn
