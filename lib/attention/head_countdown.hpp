// Who finished the last tile of a head. Sources use it to know when a head is complete.
#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

#include "attention/tile_order.hpp"

namespace attn {

class HeadCountdown {
  public:
    explicit HeadCountdown(const LayerShape& shape)
        : heads_(shape.heads), left_(shape.sequences * shape.heads) {
        for (auto& count : left_) count = shape.blocks();
    }

    // Counts a tile as done; true for exactly one tile of each head, when all its others are done.
    bool finish(const TilePlace& place) {
        return --left_[place.sequence * heads_ + place.head] == 0;
    }

  private:
    std::size_t heads_;
    std::vector<std::atomic<std::size_t>> left_;
};

}  // namespace attn
