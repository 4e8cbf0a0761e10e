#include "attention/engine.hpp"

#include <algorithm>
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

// Memory that a thread uses again for every tile.
template <class T>
struct Workspace {
    std::unique_ptr<T[]> weights;
    std::unique_ptr<T[]> scores;  // only when a sink wants them
    std::vector<KeyRange> allowed;

    Workspace(std::size_t cells, bool keep_scores)
        : weights(new T[cells]), scores(keep_scores ? new T[cells] : nullptr) {}
};

// Masks and normalises one row of scaled scores in place, keeping the masked scores if asked.
template <class T>
void finish_row(Span<T> row, KeyRange active, KeyRange allowed, T* kept_scores,
                const RowKernels<T>& kernels) {
    const std::size_t begin = allowed.empty() ? 0 : allowed.begin - active.begin;
    const std::size_t end = allowed.empty() ? 0 : allowed.end - active.begin;
    if (kept_scores != nullptr) {
        const T masked = -std::numeric_limits<T>::infinity();
        std::fill(kept_scores, kept_scores + begin, masked);
        std::copy(row.begin() + begin, row.begin() + end, kept_scores + begin);
        std::fill(kept_scores + end, kept_scores + row.size(), masked);
    }
    std::fill(row.begin(), row.begin() + begin, T{0});
    kernels.softmax(row.data() + begin, end - begin);
    std::fill(row.begin() + end, row.end(), T{0});
}

template <class T>
class LayerComputation {
  public:
    LayerComputation(const AttentionInputs<T>& inputs, const Mask& mask, const Sinks<T>& sinks)
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
        const KeyRange active = mask_.allowed(first, rows);
        Workspace<T> work(rows * active.size(), keep_scores_);
        const MatrixView<T> weights(work.weights.get(), rows, active.size());
        const MatrixView<T> context = context_of(place, first, rows);

        if (!active.empty()) {
            const auto q = rows_of(inputs_.q.head(place.sequence, place.head), first, rows);
            const auto k =
                rows_of(inputs_.k.head(place.sequence, place.head), active.begin, active.size());
            multiply_transposed<T>(inputs_.scale, q, k, weights);
        }
        for (std::size_t row = 0; row < rows; ++row) {
            const KeyRange allowed = mask_.allowed(first + row);
            work.allowed.push_back(allowed);
            T* kept = keep_scores_ ? work.scores.get() + row * active.size() : nullptr;
            finish_row(weights.row(row), active, allowed, kept, kernels_);
        }
        if (!active.empty()) {
            const auto v =
                rows_of(inputs_.v.head(place.sequence, place.head), active.begin, active.size());
            multiply<T>(weights, v, context);
        }

        Tile<T> tile;
        tile.layer = shape_.layer;
        tile.sequence = place.sequence;
        tile.head = place.head;
        tile.first_query = first;
        tile.active = active;
        tile.allowed = work.allowed;
        tile.weights = weights;
        if (keep_scores_) tile.scores = {work.scores.get(), rows, active.size()};
        tile.context = context;
        for (Sink<T>* sink : sinks_) sink->consume(tile);
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
    const Mask& mask_;
    const Sinks<T>& sinks_;
    const RowKernels<T>& kernels_;
    LayerShape shape_;
    bool keep_scores_ = false;
    std::vector<T> context_;
};

}  // namespace

template <class T>
Array<T> attend(const AttentionInputs<T>& inputs, const Mask& mask, const Sinks<T>& sinks) {
    assert(inputs.q.width == inputs.k.width && inputs.k.tokens == inputs.v.tokens);
    assert(inputs.q.heads == inputs.k.heads && inputs.k.heads == inputs.v.heads);
    assert(inputs.q.batch == inputs.k.batch && inputs.k.batch == inputs.v.batch);
    return LayerComputation<T>(inputs, mask, sinks).run();
}

template Array<float> attend(const AttentionInputs<float>&, const Mask&, const Sinks<float>&);
template Array<double> attend(const AttentionInputs<double>&, const Mask&, const Sinks<double>&);

}  // namespace attn
