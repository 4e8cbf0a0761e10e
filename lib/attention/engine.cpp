#include "attention/engine.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>

#include "attention/blas.hpp"
#include "attention/blas_threads.hpp"
#include "attention/head_countdown.hpp"
#include "attention/row_kernels.hpp"
#include "core/parallel.hpp"

namespace attn {
namespace {

// A block of scores should stay in a core's L2 cache between the two products. A constant, not the
// machine's own size, so that two machines divide the work (and round) alike.
constexpr std::size_t kBlockBytes = std::size_t{1} << 19;
constexpr std::size_t kMinBlockRows = 64;
constexpr std::size_t kMaxBlockRows = 256;

std::size_t choose_block_rows(std::size_t keys, std::size_t value_size) {
    return std::clamp(kBlockBytes / (keys * value_size), kMinBlockRows, kMaxBlockRows);
}

// Memory for one tile.
template <class T>
struct Workspace {
    std::unique_ptr<T[]> weights;
    std::unique_ptr<T[]> scores;              // only when a sink wants them
    std::unique_ptr<std::uint8_t[]> blocked;  // only when a mask array may forbid single keys
    std::vector<KeyRange> allowed;
    std::vector<std::size_t> rows_without_keys;

    Workspace(std::size_t cells, bool keep_scores, bool block_cells)
        : weights(new T[cells]),
          scores(keep_scores ? new T[cells] : nullptr),
          blocked(block_cells ? new std::uint8_t[cells]() : nullptr) {}
};

template <class T>
class LayerComputation {
  public:
    LayerComputation(const AttentionInputs<T>& inputs, const Mask<T>& mask, const Sinks<T>& sinks)
        : inputs_(inputs), mask_(mask), sinks_(sinks), kernels_(row_kernels<T>()) {
        shape_.layer = inputs.layer;
        shape_.sequences = inputs.q.batch;
        shape_.heads = inputs.q.heads;
        shape_.queries = inputs.q.tokens;
        shape_.keys = inputs.k.tokens;
        shape_.d_value = inputs.v.width;
        shape_.block_rows = choose_block_rows(shape_.keys, sizeof(T));
        keep_scores_ = std::any_of(sinks.begin(), sinks.end(),
                                   [](const Sink<T>* sink) { return sink->wants_scores(); });
        context_.resize(shape_.sequences * shape_.queries * shape_.heads * shape_.d_value);
    }

    Array<T> run() {
        for (Sink<T>* sink : sinks_) sink->begin_layer(shape_);
        HeadCountdown countdown(shape_);
        const SingleThreadedBlas blas;
        parallel_for(countdown.tiles(), [&](std::size_t item) {
            // Later rows have more keys under a causal mask: long blocks first leave less to wait
            // for.
            const TilePlace place = countdown.place(item);
            compute_tile({place.sequence, place.head, shape_.blocks() - 1 - place.block});
            if (countdown.finish(place)) {
                for (Sink<T>* sink : sinks_) sink->end_head(place.sequence, place.head);
            }
        });
        for (Sink<T>* sink : sinks_) sink->end_layer();
        return Array<T>({shape_.sequences, shape_.queries, shape_.heads * shape_.d_value},
                        std::move(context_));
    }

  private:
    void compute_tile(TilePlace place) {
        const std::size_t first = place.block * shape_.block_rows;
        const std::size_t rows = shape_.rows_of_block(place.block);
        const KeyRange active = active_keys(place, first, rows);
        Workspace<T> work(rows * active.size(), keep_scores_, mask_.blocks_cells());
        const MatrixView<T> weights(work.weights.get(), rows, active.size());
        const MatrixView<T> context = context_of(place, first, rows);
        const std::size_t kv_head = kv_head_of(place.head);

        if (!active.empty()) {
            const auto q = rows_of(inputs_.q.head(place.sequence, place.head), first, rows);
            const auto k =
                rows_of(inputs_.k.head(place.sequence, kv_head), active.begin, active.size());
            multiply_transposed<T>(inputs_.scale, q, k, weights);
        }
        for (std::size_t row = 0; row < rows; ++row) finish_row(place, first, row, active, work);
        if (!active.empty()) {
            const auto v =
                rows_of(inputs_.v.head(place.sequence, kv_head), active.begin, active.size());
            multiply<T>(weights, v, context);
        }
        // Zero times a value that is not finite is not zero: such rows must not depend on the
        // values.
        for (std::size_t row : work.rows_without_keys) {
            std::fill(context.row(row).begin(), context.row(row).end(), T{0});
        }

        Tile<T> tile;
        tile.layer = shape_.layer;
        tile.sequence = place.sequence;
        tile.head = place.head;
        tile.first_query = first;
        tile.active = active;
        tile.allowed = work.allowed;
        if (work.blocked) tile.blocked = {work.blocked.get(), rows, active.size()};
        tile.weights = weights;
        if (keep_scores_) tile.scores = {work.scores.get(), rows, active.size()};
        tile.context = context;
        for (Sink<T>* sink : sinks_) sink->consume(tile);
    }

    // The keys to compute: those that any row may attend, or all where masked scores are asked for
    // too.
    KeyRange active_keys(TilePlace place, std::size_t first, std::size_t rows) const {
        const bool masked_scores = keep_scores_ && inputs_.score_stage != ScoreStage::biased;
        return masked_scores ? KeyRange{0, shape_.keys}
                             : mask_.allowed(place.sequence, first, rows);
    }

    std::size_t kv_head_of(std::size_t head) const {
        const std::size_t kv_heads = inputs_.k.heads;
        return inputs_.kv_order == KvOrder::tile ? head % kv_heads
                                                 : head / (shape_.heads / kv_heads);
    }

    // From scaled products to weights, in place; keeps the scores of the stage that was asked for.
    void finish_row(TilePlace place, std::size_t first, std::size_t row, KeyRange active,
                    Workspace<T>& work) const {
        const std::size_t width = active.size();
        T* const cells = work.weights.get() + row * width;
        T* const kept = keep_scores_ ? work.scores.get() + row * width : nullptr;
        std::uint8_t* const blocked = work.blocked ? work.blocked.get() + row * width : nullptr;
        const KeyRange allowed = mask_.allowed(place.sequence, first + row);
        work.allowed.push_back(allowed);
        const std::size_t begin = allowed.empty() ? 0 : allowed.begin - active.begin;
        const std::size_t end = begin + allowed.size();

        if (kept != nullptr && inputs_.score_stage == ScoreStage::scaled)
            std::copy(cells, cells + width, kept);
        if (inputs_.softcap) kernels_.softcap(cells, width, *inputs_.softcap);
        if (kept != nullptr && inputs_.score_stage == ScoreStage::softcapped)
            std::copy(cells, cells + width, kept);
        mask_.apply(place.sequence, place.head, first + row, allowed, cells + begin,
                    blocked == nullptr ? nullptr : blocked + begin);
        if (kept != nullptr && inputs_.score_stage == ScoreStage::biased) {
            const T masked = -std::numeric_limits<T>::infinity();
            std::fill(kept, kept + begin, masked);
            std::copy(cells + begin, cells + end, kept + begin);
            std::fill(kept + end, kept + width, masked);
        }
        const T sink =
            inputs_.sinks.empty() ? -std::numeric_limits<T>::infinity() : inputs_.sinks[place.head];
        std::fill(cells, cells + begin, T{0});
        const bool has_keys = kernels_.softmax(cells + begin, end - begin, sink);
        if (!has_keys) work.rows_without_keys.push_back(row);
        std::fill(cells + end, cells + width, T{0});
    }

    static MatrixView<const T> rows_of(MatrixView<const T> matrix, std::size_t first,
                                       std::size_t count) {
        return {matrix.data + first * matrix.stride, count, matrix.columns, matrix.stride};
    }

    // Where the context of these rows lies among the heads side by side.
    MatrixView<T> context_of(TilePlace place, std::size_t first, std::size_t rows) {
        const std::size_t stride = shape_.heads * shape_.d_value;
        T* data = context_.data() + (place.sequence * shape_.queries + first) * stride +
                  place.head * shape_.d_value;
        return {data, rows, shape_.d_value, stride};
    }

    const AttentionInputs<T>& inputs_;
    const Mask<T>& mask_;
    const Sinks<T>& sinks_;
    const RowKernels<T>& kernels_;
    LayerShape shape_;
    bool keep_scores_ = false;
    std::vector<T> context_;
};

}  // namespace

template <class T>
Array<T> attend(const AttentionInputs<T>& inputs, const Mask<T>& mask, const Sinks<T>& sinks) {
    assert(inputs.q.width == inputs.k.width && inputs.k.tokens == inputs.v.tokens);
    assert(inputs.q.heads % inputs.k.heads == 0 && inputs.k.heads == inputs.v.heads);
    assert(inputs.q.batch == inputs.k.batch && inputs.k.batch == inputs.v.batch);
    return LayerComputation<T>(inputs, mask, sinks).run();
}

template Array<float> attend(const AttentionInputs<float>&, const Mask<float>&,
                             const Sinks<float>&);
template Array<double> attend(const AttentionInputs<double>&, const Mask<double>&,
                              const Sinks<double>&);

}  // namespace attn
