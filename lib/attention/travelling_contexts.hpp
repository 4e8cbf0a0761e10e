// The contexts of a divided layer, which go round among the ranks in parts: those of tiles that are
// done travel while the tiles behind them are computed.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "attention/division.hpp"
#include "attention/tile_order.hpp"

namespace attn {

template <class T>
class TravellingContexts {
  public:
    // `contexts` [sequences, queries, heads * d_value], of which this rank computes its own in this
    // order of tiles. Keeps all of them.
    TravellingContexts(Division division, const LayerShape& shape, const TileOrder& order,
                       T* contexts);

    // Runs the loop that computes the contexts of this rank; behind it those of all are there.
    // Throws as exchange_meanwhile.
    void meanwhile(const std::function<void()>& loop);

    // The contexts of this tile are done. Threads may call it at once.
    void finish(const TilePlace& place);

  private:
    using Places = std::vector<TilePlace>;

    Places part_of(std::size_t rank, std::size_t part) const;
    bool wait_for(std::size_t part);
    void pass_round();
    template <class Visit>
    void for_rows(const Places& places, const Visit& visit) const;

    Division division_;
    LayerShape shape_;
    T* contexts_;
    std::vector<Places> tiles_;      // by rank, in the order in which they are computed
    std::vector<std::size_t> part_;  // of this rank's tiles, [sequences, heads, blocks]
    std::size_t parts_ = 0;          // into which each rank cuts its tiles
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::size_t> left_;  // tiles of each part that are not done
    bool stopped_ = false;
};

}  // namespace attn
