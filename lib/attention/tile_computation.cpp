#include "attention/tile_computation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "attention/row_softmax.hpp"
#include "attention/tile_overflow.hpp"
#include "core/divide_up.hpp"

namespace attn {
namespace {

// Keys are taken from scores to contexts in pieces: what the block of rows holds of one stays in
// the L2 cache, however long the rows are.
constexpr std::size_t kPieceBytes = std::size_t{1} << 19;
// Values of which a panel stays in the L1 cache while all rows of the block use it.
constexpr std::size_t kDepth = 128;

KeyRange common(KeyRange a, KeyRange b) {
    const KeyRange range{std::max(a.begin, b.begin), std::min(a.end, b.end)};
    return range.empty() ? KeyRange{a.begin, a.begin} : range;
}

template <class T>
class TileWork {
  public:
    TileWork(const LayerTask<T>& task, const TilePlace& place)
        : inputs_(task.inputs),
          packed_(task.packed),
          mask_(task.mask),
          kernels_(kernels<T>()),
          place_(place),
          first_query_(place.block * task.shape.block_rows),
          rows_(task.shape.rows_of_block(place.block)),
          matrix_(task.packed.matrix(place.sequence, kv_head())),
          overflow_(task, place, matrix_),
          all_scores_(task.keep_scores && inputs_.score_stage != ScoreStage::biased) {
        for (std::size_t row = 0; row < rows_; ++row)
            allowed_.push_back(mask_.allowed(place.sequence, first_query_ + row));
        active_ = active_keys(task.shape.keys);
        stride_ = divide_up(active_.size(), kernels_.lanes) * kernels_.lanes;
        const std::size_t panel = kernels_.panel_width;
        piece_size_ = std::max(panel, kPieceBytes / sizeof(T) / rows_ / panel * panel);

        weights_ = AlignedBuffer<T>(rows_ * stride_);
        if (task.keep_scores) scores_ = AlignedBuffer<T>(rows_ * stride_);
        if (mask_.blocks_cells()) blocked_.assign(rows_ * active_.size(), 0);
        const T sink =
            inputs_.sinks.empty() ? -std::numeric_limits<T>::infinity() : inputs_.sinks[place.head];
        softmax_.assign(rows_, RowSoftmax<T>(sink, task.sum_rows));
        if (task.sum_rows) score_sums_.resize(rows_);
        highs_.resize(rows_ * pieces());
        contexts_.assign(rows_ * packed_.values().padded_columns(), T{0});
    }

    Tile<T> compute(MatrixView<T> context) {
        for (std::size_t piece = 0; piece < pieces(); ++piece) {
            multiply_queries(keys_of(piece));
            for (std::size_t row = 0; row < rows_; ++row) {
                finish_scores(row, piece);
                // While the row is in the L1 cache, where no later piece can raise its maximum.
                if (pieces() == 1) normalise(row);
            }
            add_contexts(keys_of(piece));
        }
        for (std::size_t row = 0; row < rows_; ++row) {
            if (pieces() > 1) normalise(row);
            finish_context(row, context.row(row));
            check_row(row, context.row(row));
            if (score_sums_.empty()) continue;
            logsumexp_.push_back(softmax_[row].log_sum_exp());
            entropy_.push_back(softmax_[row].entropy());
        }
        return tile(context);
    }

  private:
    std::size_t kv_head() const {
        return kv_head_of(place_.head, inputs_.q.heads, inputs_.k.heads, inputs_.kv_order);
    }

    // The keys to compute, in whole panels: those that any row may attend, or all where the scores
    // of masked ones are asked for too.
    KeyRange active_keys(std::size_t keys) const {
        if (all_scores_) return {0, keys};
        const KeyRange range = mask_.allowed(place_.sequence, first_query_, rows_);
        if (range.empty()) return {};
        const std::size_t panel = kernels_.panel_width;
        return {range.begin / panel * panel, std::min(keys, divide_up(range.end, panel) * panel)};
    }

    std::size_t pieces() const { return divide_up(active_.size(), piece_size_); }
    KeyRange keys_of(std::size_t piece) const {
        const std::size_t begin = active_.begin + piece * piece_size_;
        return {begin, std::min(active_.end, begin + piece_size_)};
    }

    T* cell(const AlignedBuffer<T>& cells, std::size_t row, std::size_t key) const {
        return cells.data() + row * stride_ + (key - active_.begin);
    }

    // From the first to the last row that may attend any of the keys; the others need no products.
    KeyRange rows_that_need(KeyRange keys) const {
        if (all_scores_) return {0, rows_};
        const auto needs = [&](std::size_t row) { return !common(allowed_[row], keys).empty(); };
        std::size_t first = 0;
        std::size_t last = rows_;
        while (first < last && !needs(first)) ++first;
        while (last > first && !needs(last - 1)) --last;
        return {first, last};
    }

    // Scaled scores of the piece.
    void multiply_queries(KeyRange keys) const {
        const MatrixView<const T> q = inputs_.q.head(place_.sequence, place_.head);
        const std::size_t width = kernels_.panel_width;
        for (std::size_t index = keys.begin / width; index * width < keys.end; ++index) {
            const Panel<T> panel = packed_.keys().panel(matrix_, index);
            const std::size_t first_key = panel.first_column;
            const KeyRange rows = rows_that_need({first_key, first_key + panel.width});
            if (rows.empty()) continue;
            kernels_.multiply({q.data + (first_query_ + rows.begin) * q.stride, q.stride,
                               rows.size(), panel.data, panel.width, q.columns,
                               cell(weights_, rows.begin, first_key), stride_, inputs_.scale});
        }
    }

    // From scaled products to exp(score - highest) of one row and piece, in place; keeps the scores
    // of the stage that was asked for.
    void finish_scores(std::size_t row, std::size_t piece) {
        const KeyRange keys = keys_of(piece);
        const KeyRange allowed = common(allowed_[row], keys);
        T* const begin = cell(weights_, row, keys.begin);
        T* const end = begin + keys.size();
        T* const first = begin + (allowed.empty() ? 0 : allowed.begin - keys.begin);
        T* const last = first + allowed.size();

        keep(row, keys, ScoreStage::scaled, begin, end);
        if (all_scores_) {
            overflow_.see_products(keys.begin, begin, keys.size());
            overflow_.check_products(row, keys.begin, nullptr);
        } else {
            overflow_.see_products(allowed.begin, first, allowed.size());
        }
        if (inputs_.softcap) {
            T* const from = all_scores_ ? begin : first;
            const T* const to = all_scores_ ? end : last;
            kernels_.softcap(from, static_cast<std::size_t>(to - from), *inputs_.softcap);
        }
        keep(row, keys, ScoreStage::softcapped, begin, end);
        std::uint8_t* const blocked =
            blocked_.empty() || allowed.empty()
                ? nullptr
                : blocked_.data() + row * active_.size() + allowed.begin - active_.begin;
        mask_.apply(place_.sequence, place_.head, first_query_ + row, allowed, first, blocked);
        overflow_.check_products(row, allowed.begin, blocked);
        if (!scores_.empty() && inputs_.score_stage == ScoreStage::biased) {
            // What is masked was not computed.
            const T masked = -std::numeric_limits<T>::infinity();
            std::fill(begin, first, masked);
            std::fill(last, end, masked);
            keep(row, keys, ScoreStage::biased, begin, end);
        }
        std::fill(begin, first, T{0});
        std::fill(last, end, T{0});
        const T largest = largest_score(row, first, allowed.size());
        overflow_.check_scores(row, allowed.begin, first, allowed.size(), largest);
        const T factor = softmax_[row].add(kernels_, first, allowed.size(), largest);
        if (piece > 0 && factor != T{1}) {
            const std::size_t width = packed_.values().padded_columns();
            kernels_.scale(contexts_.data() + row * width, width, factor);
        }
        highs_[row * pieces() + piece] = softmax_[row].high();
    }

    // The largest of some scores of a row; keeps their sums where a sink wants them.
    T largest_score(std::size_t row, const T* scores, std::size_t size) {
        if (score_sums_.empty()) return kernels_.largest(scores, size);
        const ScoreSums sums = kernels_.sum_scores(scores, size);
        score_sums_[row].add(sums);
        return static_cast<T>(sums.largest);
    }

    void keep(std::size_t row, KeyRange keys, ScoreStage stage, const T* begin, const T* end) {
        if (scores_.empty() || inputs_.score_stage != stage) return;
        std::copy(begin, end, cell(scores_, row, keys.begin));
    }

    void add_contexts(KeyRange keys) {
        const std::size_t width = packed_.values().padded_columns();
        for (std::size_t key = keys.begin; key < keys.end; key += kDepth) {
            const KeyRange some{key, std::min(keys.end, key + kDepth)};
            const KeyRange rows = rows_that_need(some);
            if (rows.empty()) continue;
            for (std::size_t index = 0; index < packed_.values().panels(); ++index) {
                const Panel<T> panel = packed_.values().panel(matrix_, index);
                kernels_.add_product({cell(weights_, rows.begin, key), stride_, rows.size(),
                                      panel.data + key * panel.width, panel.width, some.size(),
                                      contexts_.data() + rows.begin * width + panel.first_column,
                                      width, T{1}});
            }
        }
    }

    // From exponentials to weights.
    void normalise(std::size_t row) {
        for (std::size_t piece = 0; piece < pieces(); ++piece) {
            const KeyRange keys = common(allowed_[row], keys_of(piece));
            if (keys.empty()) continue;
            kernels_.scale(cell(weights_, row, keys.begin), keys.size(),
                           softmax_[row].factor(highs_[row * pieces() + piece]));
        }
    }

    // A row without keys has a context of zero, whatever the values are: zero times a value that is
    // not finite is not zero.
    void finish_context(std::size_t row, Span<T> context) const {
        const RowSoftmax<T>& softmax = softmax_[row];
        const T* sums = contexts_.data() + row * packed_.values().padded_columns();
        // A single piece was multiplied as weights, several were multiplied as exponentials.
        const T factor = pieces() == 1 ? T{1} : softmax.factor(softmax.high());
        for (std::size_t i = 0; i < context.size(); ++i)
            context[i] = softmax.has_keys() ? sums[i] * factor : T{0};
        add_broken_values(row, context);
    }

    // Whether the row may attend a key of its range.
    bool may_attend(std::size_t row, std::size_t key) const {
        return blocked_.empty() || blocked_[row * active_.size() + key - active_.begin] == 0;
    }

    // Those are packed as zeros, so that keys that are masked take no part. What is not finite only
    // belongs to the sum where the key may be attended.
    void add_broken_values(std::size_t row, Span<T> context) const {
        const std::vector<std::size_t>& broken = packed_.broken_values(matrix_);
        if (broken.empty()) return;
        const MatrixView<const T> values = inputs_.v.head(place_.sequence, kv_head());
        const KeyRange range = allowed_[row];
        for (auto key = std::lower_bound(broken.begin(), broken.end(), range.begin);
             key != broken.end() && *key < range.end; ++key) {
            if (!may_attend(row, *key)) continue;
            const T weight = *cell(weights_, row, *key);
            for (std::size_t i = 0; i < context.size(); ++i) {
                const T value = values.row(*key)[i];
                if (!std::isfinite(value)) context[i] += weight * value;
            }
        }
    }

    void check_row(std::size_t row, Span<T> context) const {
        if (overflow_.lets_through()) return;
        overflow_.check_context(row, {context.data(), context.size()});
        if (softmax_[row].has_keys()) return;
        for (std::size_t key = allowed_[row].begin; key < allowed_[row].end; ++key) {
            if (may_attend(row, key)) overflow_.refuse_lowest(row, key);
        }
    }

    Tile<T> tile(MatrixView<T> context) const {
        Tile<T> tile;
        tile.layer = inputs_.layer;
        tile.sequence = place_.sequence;
        tile.head = place_.head;
        tile.first_query = first_query_;
        tile.active = active_;
        tile.allowed = allowed_;
        if (!blocked_.empty()) tile.blocked = {blocked_.data(), rows_, active_.size()};
        tile.weights = {weights_.data(), rows_, active_.size(), stride_};
        if (!scores_.empty()) tile.scores = {scores_.data(), rows_, active_.size(), stride_};
        tile.context = context;
        tile.logsumexp = logsumexp_;
        tile.entropy = entropy_;
        tile.score_sums = score_sums_;
        return tile;
    }

    const AttentionInputs<T>& inputs_;
    const PackedHeads<T>& packed_;
    const Mask<T>& mask_;
    const Kernels<T>& kernels_;
    TilePlace place_;
    std::size_t first_query_;
    std::size_t rows_;
    std::size_t matrix_;  // of the packed keys and values
    TileOverflow<T> overflow_;
    bool all_scores_;  // masked cells need scores too

    std::vector<KeyRange> allowed_;  // for each row
    KeyRange active_;
    std::size_t stride_ = 0;
    std::size_t piece_size_ = 0;
    AlignedBuffer<T> weights_;           // [rows, stride]: scores, then exponentials, then weights
    AlignedBuffer<T> scores_;            // [rows, stride], only when a sink wants them
    std::vector<std::uint8_t> blocked_;  // [rows, active], only when a mask array forbids cells
    std::vector<RowSoftmax<T>> softmax_;
    std::vector<T> highs_;     // [rows, pieces]: what the exponentials of a piece are relative to
    std::vector<T> contexts_;  // [rows, padded d_value]
    // Only when a sink wants them:
    std::vector<double> logsumexp_;
    std::vector<double> entropy_;
    std::vector<ScoreSums> score_sums_;
};

}  // namespace

template <class T>
void compute_tile(const LayerTask<T>& task, const TilePlace& place, MatrixView<T> context,
                  const std::function<void(const Tile<T>&)>& done) {
    TileWork<T> work(task, place);
    done(work.compute(context));
}

template void compute_tile(const LayerTask<float>&, const TilePlace&, MatrixView<float>,
                           const std::function<void(const Tile<float>&)>&);
template void compute_tile(const LayerTask<double>&, const TilePlace&, MatrixView<double>,
                           const std::function<void(const Tile<double>&)>&);

}  // namespace attn
