#include "attention/engine.hpp"

#include <algorithm>
#include <memory>

#include "attention/divided_layer.hpp"
#include "attention/input_sink.hpp"
#include "attention/packed_heads.hpp"
#include "attention/stream_tiles.hpp"
#include "attention/tile_computation.hpp"
#include "attention/travelling_contexts.hpp"
#include "core/aligned_buffer.hpp"
#include "core/memory.hpp"

namespace attn {
namespace {

// So many rows use a panel of keys or values while it is in the L1 cache. More do not pay, and
// leave a thread with more to wait for at the end; a multiple of the rows that the kernels take at
// once.
constexpr std::size_t kBlockRows = 48;

// Room for contexts, [cells]. Tiles write theirs whole; where not all are computed here, the others
// are zero.
template <class T>
std::shared_ptr<AlignedBuffer<T>> room_for_contexts(std::size_t cells, const LayerShape& shape,
                                                    const Division& division) {
    auto room = std::make_shared<AlignedBuffer<T>>(cells);
    prefer_large_pages(room->data(), cells * sizeof(T));
    if (shape.chosen_sequences || shape.chosen_heads || !division.is_whole())
        std::fill(room->data(), room->data() + cells, T{0});
    return room;
}

}  // namespace

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
    shape.chosen_sequences = inputs.share.sequences;
    shape.chosen_heads = inputs.share.heads;
    return shape;
}

template <class T>
Array<T> attend(const AttentionInputs<T>& inputs, const Mask<T>& mask, const Sinks<T>& sinks) {
    assert(inputs.q.width == inputs.k.width && inputs.k.tokens == inputs.v.tokens);
    assert(inputs.q.heads % inputs.k.heads == 0 && inputs.k.heads == inputs.v.heads);
    assert(inputs.q.batch == inputs.k.batch && inputs.k.batch == inputs.v.batch);
    const LayerShape shape = shape_of(inputs);
    const Division division = divide_layer(mask, shape, sinks, inputs.share.output);
    const Needs needs = needs_of(sinks);
    const std::size_t columns = shape.heads * shape.d_value;
    const std::size_t cells = shape.sequences * shape.queries * columns;
    const auto contexts = room_for_contexts<T>(cells, shape, division);
    const PackedHeads<T> packed(inputs.k, inputs.v);
    const LayerTask<T> task{inputs, packed, mask, shape, needs.scores, needs.row_sums};
    const TileOrder order(shape, BlockOrder::falling, wants_blocks(sinks));
    TravellingContexts<T> travelling(inputs.share.output ? division : Division(), shape, order,
                                     contexts->data());

    const auto make = [&](const TilePlace& place, const Emit<T>& emit) {
        const std::size_t row = place.sequence * shape.queries + place.block * shape.block_rows;
        const MatrixView<T> context(contexts->data() + row * columns + place.head * shape.d_value,
                                    shape.rows_of_block(place.block), shape.d_value, columns);
        compute_tile<T>(task, place, context, emit);
        travelling.finish(place);
    };
    tell_input_sinks(sinks, [&](InputSink<T>& sink) {
        sink.begin_inputs({&mask, &task, nullptr});
    });
    stream_tiles(shape, sinks, order, inputs.share.output, division, make,
                 [&](const auto& loop) { travelling.meanwhile(loop); });
    return {{shape.sequences, shape.queries, columns}, contexts->data(), contexts};
}

template LayerShape shape_of(const AttentionInputs<float>&);
template LayerShape shape_of(const AttentionInputs<double>&);
template Array<float> attend(const AttentionInputs<float>&, const Mask<float>&,
                             const Sinks<float>&);
template Array<double> attend(const AttentionInputs<double>&, const Mask<double>&,
                              const Sinks<double>&);

}  // namespace attn
