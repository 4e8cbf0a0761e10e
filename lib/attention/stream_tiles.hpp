// How every source streams a layer: begin_layer, each tile once on some thread, end_head. What
// comes behind the tiles, end_layer, is the source's to say.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "attention/blockwise_sink.hpp"
#include "attention/divided_layer.hpp"
#include "attention/head_countdown.hpp"
#include "attention/sink.hpp"
#include "attention/tile_order.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"

namespace attn {

// Among the errors of items that run at once, the one of the first item: items start in order, and
// those that have started run to their end, so that it is the same for any number of threads.
class FirstError {
  public:
    template <class Work>
    void watch(std::size_t item, const Work& work) {
        try {
            work();
        } catch (const Error& error) {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (!text_ || item < item_) item_ = item, text_ = error.what();
            throw;
        }
    }

    // Around all items.
    template <class Work>
    void watch(const Work& all) const {
        try {
            all();
        } catch (const Error&) {
            throw Error(text_.value());
        }
    }

  private:
    std::mutex mutex_;
    std::size_t item_ = 0;
    std::optional<std::string> text_;
};

// Takes a finished tile.
template <class T>
using Emit = std::function<void(const Tile<T>&)>;

// Calls the loop once.
using AroundTiles = std::function<void(const std::function<void()>& loop)>;

// Calls make(place, emit) for the tiles of all heads that the shape streams, and with `all_heads`
// for those of the others too, whose tiles reach no sink. `make` calls emit once. Of a divided
// layer only for heads of this process; then sinks are told of the others. `around` is given the
// loop over the tiles, to run it with what goes on at the same time.
template <class T, class Make>
void stream_tiles(
    const LayerShape& shape, const Sinks<T>& sinks, const TileOrder& order, bool all_heads,
    const Division& division, const Make& make,
    const AroundTiles& around = [](const auto& loop) { loop(); }) {
    tell_division(division, sinks);
    for (Sink<T>* sink : sinks) sink->begin_layer(shape);
    HeadCountdown countdown(shape);
    FirstError errors;
    const auto stream = [&](std::size_t item) {
        const TilePlace place = order.place(item);
        const bool streamed = shape.streams(place.sequence, place.head);
        if (!streamed && !all_heads) return;
        if (!division.streams(place.sequence, place.head, place.block * shape.block_rows)) return;
        make(place, [&](const Tile<T>& tile) {
            if (!streamed) return;
            for (Sink<T>* sink : sinks) sink->consume(tile);
        });
        if (!streamed || division.cuts_heads() || !countdown.finish(place)) return;
        for (Sink<T>* sink : sinks) sink->end_head(place.sequence, place.head);
    };
    around([&] {
        errors.watch([&] {
            parallel_for(order.tiles(),
                         [&](std::size_t item) { errors.watch(item, [&] { stream(item); }); });
        });
    });
    bring_rows_together(division, shape, sinks);
    bring_heads_together(division, shape, sinks);
}

}  // namespace attn
