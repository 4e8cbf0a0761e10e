// Gathers the cells of heatmaps while attention streams by and hands each head to the drawer as
// soon as it is complete. Memory grows with pixels, not with tokens.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "analysis/cell_pooling.hpp"
#include "attention/ranks_sink.hpp"
#include "results/heatmap_drawer.hpp"

namespace attn::results {

template <class T>
class HeatmapSink : public Sink<T>, public JoiningSink<T> {
  public:
    explicit HeatmapSink(HeatmapDrawer& drawer) : drawer_(drawer) {}

    void begin_layer(const LayerShape& shape) override {
        shape_ = shape;
        drawer_.begin_layer(shape);
    }

    void consume(const Tile<T>& tile) override { pooling(tile.sequence, tile.head).add(tile); }

    void end_head(std::size_t sequence, std::size_t head) override {
        analysis::CellGrid grid = pooling(sequence, head).finish();
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            open_heads_.erase({sequence, head});
        }
        drawer_.add_head({shape_.layer, sequence, head}, std::move(grid));
    }

    bool remembers() const override { return true; }
    void save_head(std::size_t sequence, std::size_t head, ByteWriter& to) const override {
        drawer_.save_head({shape_.layer, sequence, head}, to);
    }
    void restore_head(std::size_t sequence, std::size_t head, ByteReader& from) override {
        drawer_.restore_head({shape_.layer, sequence, head}, from);
    }

  private:
    analysis::CellPooling& pooling(std::size_t sequence, std::size_t head) {
        const std::lock_guard<std::mutex> lock(mutex_);
        auto& open = open_heads_[{sequence, head}];
        if (!open) open = std::make_unique<analysis::CellPooling>(drawer_.start_head());
        return *open;
    }

    HeatmapDrawer& drawer_;
    LayerShape shape_;
    std::mutex mutex_;  // guards the map, not what it points at
    std::map<std::pair<std::size_t, std::size_t>, std::unique_ptr<analysis::CellPooling>>
        open_heads_;
};

}  // namespace attn::results
