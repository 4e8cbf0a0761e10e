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
#include "kernels/kernels.hpp"

namespace attn::analysis {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Sizes of numbers are compared by their bits, which one instruction does for many: those of NaN
// are above those of infinity, and those above all others.
template <class T>
struct Bits {
    using Type = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

    static Type of_size(T value) {
        const T size = std::abs(value);
        Type bits;
        std::memcpy(&bits, &size, sizeof bits);
        return bits;
    }
    static bool is_finite(Type bits) { return bits < of_size(std::numeric_limits<T>::infinity()); }
    static double number(Type bits) {
        T value;
        std::memcpy(&value, &bits, sizeof value);
        return static_cast<double>(value);
    }
};

template <class T>
bool all_finite(const T* values, std::size_t count) {
    typename Bits<T>::Type largest = 0;
    for (std::size_t i = 0; i < count; ++i)
        largest = std::max(largest, Bits<T>::of_size(values[i]));
    return Bits<T>::is_finite(largest);
}

// NaN where any is not finite.
template <class T>
double largest_difference(const T* a, const T* b, std::size_t count) {
    typename Bits<T>::Type largest = 0;
    for (std::size_t i = 0; i < count; ++i)
        largest = std::max(largest, Bits<T>::of_size(a[i] - b[i]));
    return Bits<T>::is_finite(largest) ? Bits<T>::number(largest) : kNone;
}

template <class T>
bool has_weight(const T* row, std::size_t count) {
    return std::any_of(row, row + count, [](T weight) { return weight != 0; });
}

// JS(p, q) / ln 2.
template <class T>
double divergence_of(const T* p, const T* q, std::size_t count, std::vector<T>& both) {
    both.resize(count);
    for (std::size_t i = 0; i < count; ++i) both[i] = (p[i] + q[i]) / 2;
    const Kernels<T>& kernels = attn::kernels<T>();
    const double own = (kernels.sum_logs(p, count) + kernels.sum_logs(q, count)) / 2;
    return std::max(0.0, own - kernels.sum_logs(both.data(), count)) / std::log(2.0);
}

// ln p_max - ln p_min over the cells that may be attended, of weights that are finite and not
// negative; below 0 where the least is too small to have a logarithm that says something.
template <class T>
double range_of(const Tile<T>& tile, std::size_t row) {
    const KeyRange allowed = tile.allowed[row];
    auto least = Bits<T>::of_size(std::numeric_limits<T>::infinity());
    typename Bits<T>::Type largest = 0;
    const T* const weights = tile.weights.row(row).data() - tile.active.begin;
    const auto see = [&](std::size_t key) {
        const auto weight = Bits<T>::of_size(weights[key]);
        least = std::min(least, weight);
        largest = std::max(largest, weight);
    };
    if (tile.blocked.empty()) {
        for (std::size_t key = allowed.begin; key < allowed.end; ++key) see(key);
    } else {
        for (std::size_t key = allowed.begin; key < allowed.end; ++key)
            if (tile.may_attend(row, key)) see(key);
    }
    if (!(Bits<T>::number(least) >= static_cast<double>(FLT_MIN)) || least > largest) return -1;
    return std::log(Bits<T>::number(largest)) - std::log(Bits<T>::number(least));
}

// Looks at all of them, which takes a fraction of the time of a search.
template <class T>
bool any_negative(const T* values, std::size_t count) {
    bool found = false;
    for (std::size_t i = 0; i < count; ++i) found |= values[i] < 0;
    return found;
}

}  // namespace

template <class T>
void StepSink<T>::begin_layer(const LayerShape& shape) {
    shape_ = shape;
    first_ = heads_.size();
    heads_.resize(first_ + shape.slots());
    rows_.assign(shape.slots(), std::vector<Row>(shape.queries));
    if (options_.keep) {
        kept_shapes_[shape.layer] = shape;
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
                                               const T* before) const {
    Row found;
    const T* const weights = tile.weights.row(row).data();
    const std::size_t count = tile.active.size();
    found.nonfinite = !all_finite(weights, count);
    found.weighted = has_weight(weights, count);
    if (!tile.context.empty())
        found.nonfinite =
            found.nonfinite || !all_finite(tile.context.row(row).data(), tile.context.columns);
    if (!tile.scores.empty()) {
        found.scores = scores_of(tile, row);
        found.nonfinite = found.nonfinite || !std::isfinite(found.scores.largest) ||
                          !std::isfinite(found.scores.smallest);
    } else if (!found.nonfinite) {
        found.range = range_of(tile, row);
    }
    if (before == nullptr) return found;
    before += tile.active.begin;
    found.difference = largest_difference(weights, before, count);
    found.compared = found.weighted && has_weight(before, count);
    if (found.compared) {
        thread_local std::vector<T> both;
        found.divergence = divergence_of(weights, before, count, both);
    }
    return found;
}

// Scores that were saved for weights have an entropy that says nothing.
template <class T>
void StepSink<T>::require_weights(const Tile<T>& tile) const {
    for (std::size_t row = 0; row < tile.rows(); ++row) {
        const Span<const T> weights = tile.weights.row(row);
        if (!any_negative(weights.data(), weights.size())) continue;
        const auto wrong =
            std::find_if(weights.begin(), weights.end(), [](T weight) { return weight < 0; });
        fail(options_.name, ": layer ", shape_.layer, ", head ", shape_.number_of(tile.head),
             ", query ", tile.first_query + row, ", key ",
             tile.active.begin + static_cast<std::size_t>(wrong - weights.begin()), ": is ", *wrong,
             ", expected attention weights of 0 or more");
    }
}

template <class T>
void StepSink<T>::consume(const Tile<T>& tile) {
    if (!options_.computed) require_weights(tile);
    const std::size_t slot = shape_.slot(tile.sequence, tile.head);
    const AlignedBuffer<T> buffer(options_.before ? tile.rows() * shape_.keys : 0);
    MatrixView<const T> before;
    if (options_.before)
        before = options_.before(
            {shape_.layer, tile.sequence, tile.head, tile.first_query, tile.rows()}, buffer.data());
    for (std::size_t row = 0; row < tile.rows(); ++row) {
        const std::size_t query = tile.first_query + row;
        rows_[slot][query] = measure(tile, row, options_.before ? before.row(row).data() : nullptr);
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
        const double mean = scores.sum / scores.count;
        double squares = 0;  // of the distances from the mean
        for (const Row& row : rows_[slot])
            squares +=
                row.scores.squares - 2 * mean * row.scores.sum + row.scores.count * mean * mean;
        facts.score_std = std::sqrt(std::max(0.0, squares / scores.count));
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

template class StepSink<float>;
template class StepSink<double>;

}  // namespace attn::analysis
