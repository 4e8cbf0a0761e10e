// In which order the tiles of a layer are made.
#pragma once

#include <cstddef>

#include "attention/tile.hpp"

namespace attn {

struct TilePlace {
    std::size_t sequence = 0;
    std::size_t head = 0;
    std::size_t block = 0;
};

enum class BlockOrder {
    rising,   // as files lie
    falling,  // later rows have more keys under a causal mask: long blocks first leave less to wait
              // for
};

class TileOrder {
  public:
    // Head after head, or `by_block`: all heads of a block of rows behind one another.
    TileOrder(const LayerShape& shape, BlockOrder order, bool by_block)
        : heads_(shape.heads),
          blocks_(shape.blocks()),
          tiles_(shape.sequences * shape.heads * shape.blocks()),
          falling_(order == BlockOrder::falling),
          by_block_(by_block) {}

    std::size_t tiles() const { return tiles_; }

    TilePlace place(std::size_t item) const {
        const std::size_t of_row = item / heads_, of_head = item / blocks_;
        TilePlace place = by_block_ ? TilePlace{of_row / blocks_, item % heads_, of_row % blocks_}
                                    : TilePlace{of_head / heads_, of_head % heads_, item % blocks_};
        if (falling_) place.block = blocks_ - 1 - place.block;
        return place;
    }

  private:
    std::size_t heads_, blocks_, tiles_;
    bool falling_, by_block_;
};

}  // namespace attn
