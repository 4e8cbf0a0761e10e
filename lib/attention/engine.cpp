#include "attention/engine.hpp"

#include <algorithm>
#include <mutex>
#include <string>

#include "attention/head_countdown.hpp"
#include "attention/packed_heads.hpp"
#include "attention/tile_computation.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"

namespace attn {
namespace {

// So many rows use a panel of keys or values while it is in the L1 cache. More do not pay, and
// leave a thread with more to wait for at the end; a multiple of the rows that the kernels take at
// once.
constexpr std::size_t kBlockRows = 48;

// Of the errors of items that run at once, the one of the first item: items start in order, and
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

template <class T>
LayerShape shape_of(const AttentionInputs<T>& inputs) {
    LayerShape shape;
    shape.layer = inputs.layer;
    shape.sequences = inputs.q.batch;
    shape.heads = inputs.q.heads;
    shape.queries = inputs.q.tokens;
    shape.keys = inputs.k.tokens;
    shape.d_value = inputs.v.width;
    shape.block_rows = kBlockRows;
    return shape;
}

}  // namespace

template <class T>
Array<T> attend(const AttentionInputs<T>& inputs, const Mask<T>& mask, const Sinks<T>& sinks) {
    assert(inputs.q.width == inputs.k.width && inputs.k.tokens == inputs.v.tokens);
    assert(inputs.q.heads % inputs.k.heads == 0 && inputs.k.heads == inputs.v.heads);
    assert(inputs.q.batch == inputs.k.batch && inputs.k.batch == inputs.v.batch);
    const LayerShape shape = shape_of(inputs);
    const bool keep_scores = std::any_of(sinks.begin(), sinks.end(),
                                         [](const Sink<T>* sink) { return sink->wants_scores(); });
    const bool sum_rows = std::any_of(sinks.begin(), sinks.end(),
                                      [](const Sink<T>* sink) { return sink->wants_row_sums(); });
    const std::size_t columns = shape.heads * shape.d_value;
    std::vector<T> contexts(shape.sequences * shape.queries * columns);
    const PackedHeads<T> packed(inputs.k, inputs.v);
    const LayerTask<T> task{inputs, packed, mask, shape, keep_scores, sum_rows};

    for (Sink<T>* sink : sinks) sink->begin_layer(shape);
    HeadCountdown countdown(shape);
    FirstError errors;
    const auto compute = [&](std::size_t item) {
        TilePlace place = countdown.place(item);
        // Later rows have more keys under a causal mask: long blocks first leave less to wait for.
        place.block = shape.blocks() - 1 - place.block;
        const std::size_t row = place.sequence * shape.queries + place.block * shape.block_rows;
        const MatrixView<T> context(contexts.data() + row * columns + place.head * shape.d_value,
                                    shape.rows_of_block(place.block), shape.d_value, columns);
        compute_tile<T>(task, place, context, [&](const Tile<T>& tile) {
            for (Sink<T>* sink : sinks) sink->consume(tile);
        });
        if (countdown.finish(place)) {
            for (Sink<T>* sink : sinks) sink->end_head(place.sequence, place.head);
        }
    };
    errors.watch([&] {
        parallel_for(countdown.tiles(),
                     [&](std::size_t item) { errors.watch(item, [&] { compute(item); }); });
    });
    for (Sink<T>* sink : sinks) sink->end_layer();
    return Array<T>({shape.sequences, shape.queries, columns}, std::move(contexts));
}

template Array<float> attend(const AttentionInputs<float>&, const Mask<float>&,
                             const Sinks<float>&);
template Array<double> attend(const AttentionInputs<double>&, const Mask<double>&,
                              const Sinks<double>&);

}  // namespace attn
