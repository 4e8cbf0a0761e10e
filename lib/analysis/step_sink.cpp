#include "analysis/step_sink.hpp"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "analysis/token_spread.hpp"
#include "attention/layer.hpp"
#include "core/aligned_buffer.hpp"
#include "core/error.hpp"
#include "kernels/kept_kernels.hpp"
#include "kernels/kernels.hpp"

namespace attn::analysis {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Sizes of numbers are compared by their bits, which one instruction does for many: those of NaN
// are above those of infinity, and those above all others.
template <class T>
auto bits_of_size(T value) {
    const T size = std::abs(value);
    std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t> bits;
    std::memcpy(&bits, &size, sizeof bits);
    return bits;
}

template <class T>
bool all_finite(const T* values, std::size_t count) {
    auto largest = bits_of_size(T{0});
    for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, bits_of_size(values[i]));
    return largest < bits_of_size(std::numeric_limits<T>::infinity());
}

// What is seen of the weights of some keys.
struct KeysLook {
    double least = 0, largest = 0;
    bool is_finite = true;

    bool is_zero() const { return is_finite && least == 0 && largest == 0; }
};

template <class T>
KeysLook look_at_keys(const T* weights, KeyRange keys) {
    if (keys.empty()) return {};
    const ScoreSums sums = kernels<T>().sum_scores(weights + keys.begin, keys.size());
    // It leaves -inf out.
    const bool all = sums.count == static_cast<double>(keys.size());
    if (!all) return {-std::numeric_limits<double>::infinity(), sums.largest, false};
    return {sums.smallest, sums.largest,
            std::isfinite(sums.smallest) && std::isfinite(sums.largest)};
}

// Those that may be attended, and those on both sides. Keys are counted from the first active one.
struct RowLook {
    KeyRange allowed;
    KeysLook inside, outside;

    bool is_finite() const { return inside.is_finite && outside.is_finite; }
    bool is_zero() const { return inside.is_zero() && outside.is_zero(); }
};

template <class T>
RowLook look_at_step_row(const Tile<T>& tile, std::size_t row) {
    const T* const weights = tile.weights.row(row).data();
    const std::size_t first = tile.active.begin;
    RowLook look;
    if (!tile.allowed[row].empty())
        look.allowed = {tile.allowed[row].begin - first, tile.allowed[row].end - first};
    look.inside = look_at_keys(weights, look.allowed);
    const KeysLook left = look_at_keys(weights, {0, look.allowed.begin});
    const KeysLook right = look_at_keys(weights, {look.allowed.end, tile.active.size()});
    look.outside = {std::min(left.least, right.least), std::max(left.largest, right.largest),
                    left.is_finite && right.is_finite};
    return look;
}

// ln p_max - ln p_min over the cells that may be attended, of weights that are finite and not
// negative; below 0 where the least is too small to have a logarithm that says something.
template <class T>
double range_of(const Tile<T>& tile, std::size_t row, const KeysLook& inside) {
    const KeyRange allowed = tile.allowed[row];
    if (allowed.empty()) return -1;
    double least = inside.least, largest = inside.largest;
    if (!tile.blocked.empty()) {
        least = std::numeric_limits<double>::infinity(), largest = 0;
        const T* const weights = tile.weights.row(row).data() - tile.active.begin;
        for (std::size_t key = allowed.begin; key < allowed.end; ++key) {
            if (!tile.may_attend(row, key)) continue;
            least = std::min(least, static_cast<double>(weights[key]));
            largest = std::max(largest, static_cast<double>(weights[key]));
        }
    }
    if (!(least >= static_cast<double>(FLT_MIN)) || least > largest) return -1;
    return std::log(largest) - std::log(least);
}

}  // namespace

template <class T>
void StepSink<T>::begin_layer(const LayerShape& shape) {
    shape_ = shape;
    first_ = heads_.size();
    heads_.resize(first_ + shape.slots());
    rows_.assign(shape.slots(), std::vector<Row>(shape.queries));
    kept_shapes_[shape.layer] = shape;
    kept_rows_[shape.layer].assign(shape.slots(), std::vector<StepRow>(shape.queries));
    if (options_.keep) {
        kept_[shape.layer].assign(shape.slots(), std::vector<T>(shape.queries * shape.keys, T{0}));
    }
}

template <class T>
ScoreSums StepSink<T>::scores_of(const Tile<T>& tile, std::size_t row) const {
    const KeyRange allowed = tile.allowed[row];
    const T* const scores = tile.scores.row(row).data() + (allowed.begin - tile.active.begin);
    if (tile.blocked.empty()) return kernels<T>().sum_scores(scores, allowed.size());
    std::vector<T> some;
    for (std::size_t key = allowed.begin; key < allowed.end; ++key)
        if (tile.may_attend(row, key)) some.push_back(scores[key - allowed.begin]);
    return kernels<T>().sum_scores(some.data(), some.size());
}

template <class T>
typename StepSink<T>::Row StepSink<T>::measure(const Tile<T>& tile, std::size_t row,
                                               StepRow& kept) const {
    Row found;
    const RowLook look = look_at_step_row(tile, row);
    const bool sane = look.is_finite() && look.inside.least >= 0 && look.outside.least >= 0;
    if (!options_.computed && !sane) require_weights(tile, row);
    found.nonfinite = !look.is_finite();
    found.weighted = !look.is_zero();
    const std::size_t first = tile.active.begin;
    kept.keys = tile.active;
    if (look.outside.is_zero()) kept.keys.end = first + look.allowed.end;
    if (!tile.context.empty())
        found.nonfinite =
            found.nonfinite || !all_finite(tile.context.row(row).data(), tile.context.columns);
    if (!tile.scores.empty()) {
        found.scores = scores_of(tile, row);
        found.nonfinite = found.nonfinite || !std::isfinite(found.scores.largest) ||
                          !std::isfinite(found.scores.smallest);
    } else if (!found.nonfinite) {
        found.range = range_of(tile, row, look.inside);
    }
    return found;
}

// StatsSink has added them up where all of them lie between the first active key and the last that
// may be attended; zeros behind change no sum.
template <class T>
double StepSink<T>::logs_of(const Tile<T>& tile, std::size_t row, const StepRow& kept) const {
    const KeyRange allowed = tile.allowed[row];
    const bool measured = options_.entropy_of && tile.entropy.empty() &&
                          allowed.begin == kept.keys.begin && allowed.end == kept.keys.end;
    if (measured) return -options_.entropy_of(tile.sequence, tile.head, tile.first_query + row);
    return kernels<T>().sum_logs(tile.weights.row(row).data(), kept.keys.size());
}

// JS / ln 2 with the step before, and the largest difference.
template <class T>
void StepSink<T>::compare(const Tile<T>& tile, std::size_t row, const T* before,
                          const StepRow& row_before, StepRow& kept, Row& found) const {
    const T* const weights = tile.weights.row(row).data();
    const bool known = row_before.known && row_before.keys.begin == tile.active.begin &&
                       row_before.keys.end <= tile.active.end;
    const std::size_t end = known ? std::max(row_before.keys.end, kept.keys.end) : tile.active.end;
    const std::size_t count = end - tile.active.begin;
    const MiddleSums middle = kept_kernels<T>().sum_middle(weights, before, count);
    found.difference = middle.difference;
    found.compared = found.weighted &&
                     std::any_of(before, before + count, [](T weight) { return weight != T{0}; });
    if (!found.compared) return;
    const double logs = known ? row_before.logs : kernels<T>().sum_logs(before, tile.active.size());
    found.divergence = std::max(0.0, (kept.logs + logs) / 2 - middle.logs) / std::log(2.0);
}

// Scores that were saved for weights have an entropy that says nothing.
template <class T>
void StepSink<T>::require_weights(const Tile<T>& tile, std::size_t row) const {
    const Span<const T> weights = tile.weights.row(row);
    const auto wrong =
        std::find_if(weights.begin(), weights.end(), [](T weight) { return weight < 0; });
    if (wrong == weights.end()) return;
    fail(options_.name, ": layer ", shape_.layer, ", head ", shape_.number_of(tile.head),
         ", query ", tile.first_query + row, ", key ",
         tile.active.begin + static_cast<std::size_t>(wrong - weights.begin()), ": is ", *wrong,
         ", expected attention weights of 0 or more");
}

template <class T>
void StepSink<T>::consume(const Tile<T>& tile) {
    const std::size_t slot = shape_.slot(tile.sequence, tile.head);
    const StepRows rows{shape_.layer, tile.sequence, tile.head, tile.first_query, tile.rows()};
    const AlignedBuffer<T> buffer(options_.before ? tile.rows() * shape_.keys : 0);
    MatrixView<const T> before;
    if (options_.before) before = options_.before(rows, buffer.data());
    const Span<const StepRow> rows_before =
        options_.rows_before ? options_.rows_before(rows) : Span<const StepRow>();
    for (std::size_t row = 0; row < tile.rows(); ++row) {
        const std::size_t query = tile.first_query + row;
        StepRow& kept = kept_rows_.at(shape_.layer)[slot][query];
        Row& found = rows_[slot][query];
        found = measure(tile, row, kept);
        kept.logs = logs_of(tile, row, kept);
        kept.known = true;
        if (options_.before)
            compare(tile, row, before.row(row).data() + tile.active.begin,
                    rows_before.empty() ? StepRow() : rows_before[row], kept, found);
        if (!options_.keep) continue;
        const T* const weights = tile.weights.row(row).data();
        std::copy(weights, weights + tile.active.size(),
                  kept_.at(shape_.layer)[slot].data() + query * shape_.keys + tile.active.begin);
    }
}

template <class T>
void StepSink<T>::end_head(std::size_t sequence, std::size_t place) {
    const std::size_t slot = shape_.slot(sequence, place);
    StepFacts facts;
    facts.layer = shape_.layer;
    facts.sequence = sequence;
    facts.head = shape_.number_of(place);
    double divergence = 0, compared = 0, range = -1;
    ScoreSums scores;
    facts.no_weights = std::none_of(rows_[slot].begin(), rows_[slot].end(),
                                    [](const Row& row) { return row.weighted; });
    for (const Row& row : rows_[slot]) {
        facts.nonfinite = facts.nonfinite || row.nonfinite;
        if (row.compared) divergence += row.divergence, compared += 1;
        facts.difference = std::isnan(row.difference) || std::isnan(facts.difference)
                               ? kNone
                               : std::max(facts.difference, row.difference);
        range = std::max(range, row.range);
        scores.add(row.scores);
    }
    if (!options_.before) facts.difference = kNone;
    facts.change = compared > 0 ? divergence / compared : kNone;
    facts.score_range = range >= 0 && !facts.nonfinite ? range : kNone;
    facts.max_score = facts.max_abs_score = facts.score_std = facts.qk_spectral = kNone;
    if (scores.count > 0 && !facts.nonfinite) {
        facts.max_score = scores.largest;
        facts.max_abs_score = std::max(std::abs(scores.largest), std::abs(scores.smallest));
        facts.score_std = std::sqrt(scores.squares / scores.count);
    }
    heads_[first_ + slot] = facts;
}

template <class T>
void StepSink<T>::save_head(std::size_t sequence, std::size_t place, ByteWriter& to) const {
    to.put(heads_[first_ + shape_.slot(sequence, place)]);
}

template <class T>
void StepSink<T>::restore_head(std::size_t sequence, std::size_t place, ByteReader& from) {
    const std::size_t slot = shape_.slot(sequence, place);
    from.take(heads_[first_ + slot]);
    kept_rows_.at(shape_.layer)[slot] = {};
    if (options_.keep) kept_.at(shape_.layer)[slot] = {};
}

// The product of a head's projections is that of every sequence.
template <class T>
void StepSink<T>::measure_projections(const ProjectionWeights<T>& weights) {
    for (std::size_t i = first_; i < heads_.size(); ++i) {
        const std::size_t place =
            shape_.chosen_heads ? (*shape_.chosen_heads)[(i - first_) % shape_.heads_streamed()]
                                : (i - first_) % shape_.heads_streamed();
        const std::size_t kv =
            kv_head_of(place, weights.heads, weights.kv_heads, options_.kv_order);
        const std::size_t d_head = output_width(weights.W_Q, weights.order) / weights.heads;
        heads_[i].qk_spectral = std::abs(options_.scale(shape_.layer, d_head)) *
                                product_norm(head_of(weights.W_Q, weights.order, place, d_head),
                                             head_of(weights.W_K, weights.order, kv, d_head));
    }
}

template <class T>
void StepSink<T>::end_layer(const LayerOutputs<T>& outputs) {
    rows_.clear();
    if (!options_.computed) return;
    if (outputs.projections != nullptr) measure_projections(*outputs.projections);
    if (outputs.x == nullptr || outputs.attention == nullptr) return;
    const Array<T>& x = *outputs.x;
    const Array<T>& y = outputs.attention->output;
    if (x.size() != y.size() || x.rank() != 3) return;
    const std::size_t rows = x.extent(1), columns = x.extent(2);
    for (std::size_t sequence = 0; sequence < x.extent(0); ++sequence) {
        if (!is_chosen(shape_.chosen_sequences, sequence)) continue;
        std::vector<double> result(rows * columns);
        for (std::size_t i = 0; i < result.size(); ++i)
            result[i] = static_cast<double>(x.data()[sequence * rows * columns + i]) +
                        static_cast<double>(y.data()[sequence * rows * columns + i]);
        LayerFacts facts;
        facts.layer = shape_.layer;
        facts.sequence = sequence;
        facts.nonfinite = !all_finite(result.data(), result.size());
        const TokenSpread spread = token_spread({result.data(), rows, columns});
        facts.rank_residual = spread.rank_residual;
        facts.token_cosine = spread.token_cosine;
        facts.stable_rank = spread.stable_rank;
        layers_.push_back(facts);
    }
}

template <class T>
MatrixView<const T> StepSink<T>::kept(std::size_t layer, std::size_t sequence,
                                      std::size_t head) const {
    const LayerShape& shape = kept_shapes_.at(layer);
    const std::vector<T>& weights = kept_.at(layer)[shape.slot(sequence, head)];
    if (weights.empty())
        fail(options_.name, ": the masks of layer ", layer,
             " are not those of the step behind it, which ranks divide otherwise; one rank can");
    return {weights.data(), shape.queries, shape.keys};
}

template <class T>
Span<const StepRow> StepSink<T>::rows_kept(const StepRows& rows) const {
    const auto layer = kept_rows_.find(rows.layer);
    if (layer == kept_rows_.end()) return {};
    const std::size_t slot = kept_shapes_.at(rows.layer).slot(rows.sequence, rows.head);
    const std::vector<StepRow>& all = layer->second[slot];
    if (all.size() < rows.first + rows.count) return {};
    return {all.data() + rows.first, rows.count};
}

template class StepSink<float>;
template class StepSink<double>;

}  // namespace attn::analysis
