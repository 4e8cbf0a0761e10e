#include "analysis/stats_sink.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "attention/query_offset.hpp"
#include "kernels/kernels.hpp"

namespace attn::analysis {
namespace {

// Sums whose result does not depend on the order: tiles arrive in any. Weights are at most 1, so
// that 2^23 of them fit.
constexpr double kOne = 1099511627776.0;  // 2^40
constexpr double kLimit = 9.0e18;

// What a key received so far. Numbers that fit nowhere leave it without a sum.
struct FixedSum {
    std::int64_t sum = 0;
    bool broken = false;

    void add(double value) {
        broken = broken || !(std::abs(value * kOne) < kLimit);
        if (!broken)
            broken = __builtin_add_overflow(sum, static_cast<std::int64_t>(value * kOne), &sum);
    }
    void add(const FixedSum& other) {
        broken = broken || other.broken || __builtin_add_overflow(sum, other.sum, &sum);
    }
    double value() const {
        return broken ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(sum) / kOne;
    }
};

}  // namespace

template <class T>
struct StatsSink<T>::HeadRows {
    std::vector<RowStats> rows;
    std::mutex mutex;
    // What each key received from queries at its own place or after it, and from those before it.
    std::vector<FixedSum> from_after, from_before;

    HeadRows(std::size_t queries, std::size_t keys)
        : rows(queries), from_after(keys), from_before(keys) {}
};

template <class T>
StatsSink<T>::StatsSink(StatsOptions options) : options_(std::move(options)) {
    for (const auto& tokens : options_.tokens) patterns_.emplace_back(tokens);
}

template <class T>
StatsSink<T>::~StatsSink() = default;

template <class T>
void StatsSink<T>::begin_layer(const LayerShape& shape) {
    shape_ = shape;
    first_result_ = results_.size();
    const std::size_t count = shape.slots();
    results_.resize(first_result_ + count);
    received_.resize(first_result_ + count);
    rows_.clear();
    rows_.resize(count);
}

template <class T>
typename StatsSink<T>::HeadRows& StatsSink<T>::rows_of(std::size_t slot) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!rows_[slot]) rows_[slot] = std::make_unique<HeadRows>(shape_.queries, shape_.keys);
    return *rows_[slot];
}

template <class T>
void StatsSink<T>::consume(const Tile<T>& tile) {
    HeadRows& head = rows_of(shape_.slot(tile.sequence, tile.head));
    RowOptions options;
    if (!patterns_.empty()) options.tokens = &patterns_[patterns_.size() == 1 ? 0 : tile.sequence];
    if (options_.grid) options.grid = &*options_.grid;
    options.exclude_first_key = options_.exclude_first_key;
    options.exclude_self = options_.exclude_self;

    const Kernels<T>& kernels = attn::kernels<T>();
    std::vector<T> after(tile.active.size()), before;
    for (std::size_t row = 0; row < tile.rows(); ++row) {
        const std::size_t query = tile.first_query + row;
        const std::ptrdiff_t position = position_of(options_.offsets, tile.sequence, query);
        head.rows[query] = measure_row(tile, row, position, shape_.keys, options);
        const KeyRange allowed = tile.allowed[row];
        const auto own = static_cast<std::size_t>(
            std::clamp<std::ptrdiff_t>(position + 1, static_cast<std::ptrdiff_t>(allowed.begin),
                                       static_cast<std::ptrdiff_t>(allowed.end)));
        const T* weights = tile.weights.row(row).data();
        const std::size_t start = tile.active.begin;
        kernels.add(after.data() + (allowed.begin - start), weights + (allowed.begin - start),
                    own - allowed.begin);
        if (own == allowed.end) continue;
        before.resize(tile.active.size());
        kernels.add(before.data() + (own - start), weights + (own - start), allowed.end - own);
    }
    const std::lock_guard<std::mutex> lock(head.mutex);
    const auto add = [&](const std::vector<T>& sums, std::vector<FixedSum>& to) {
        for (std::size_t i = 0; i < sums.size(); ++i)
            to[tile.active.begin + i].add(static_cast<double>(sums[i]));
    };
    add(after, head.from_after);
    add(before, head.from_before);
}

template <class T>
double StatsSink<T>::entropy_of(std::size_t sequence, std::size_t head, std::size_t query) const {
    return rows_[shape_.slot(sequence, head)]->rows[query].entropy;
}

template <class T>
void StatsSink<T>::end_head(std::size_t sequence, std::size_t place) {
    const std::size_t slot = shape_.slot(sequence, place);
    const HeadRows& head = *rows_[slot];
    HeadStats stats = summarise(head.rows, options_.pattern_score);
    stats.layer = shape_.layer;
    stats.sequence = sequence;
    stats.head = shape_.number_of(place);

    // How many queries with keys stand at each key or after it.
    std::vector<double> later(shape_.keys + 1, 0);
    double rows = 0;
    for (std::size_t query = 0; query < shape_.queries; ++query) {
        if (head.rows[query].keys == 0) continue;
        rows += 1;
        const std::ptrdiff_t last = std::min(position_of(options_.offsets, sequence, query),
                                             static_cast<std::ptrdiff_t>(shape_.keys) - 1);
        if (last >= 0) later[static_cast<std::size_t>(last)] += 1;
    }
    for (std::size_t key = shape_.keys; key-- > 0;) later[key] += later[key + 1];

    bool broken = false;                                 // the share of a key cannot be told
    std::vector<std::pair<std::size_t, double>> shares;  // of the keys that enough queries see
    std::vector<double>& received = received_[first_result_ + slot];
    for (std::size_t key = 0; key < shape_.keys; ++key) {
        const double after = head.from_after[key].value();
        received.push_back(after + head.from_before[key].value());
        if (later[key] == 0) continue;
        const double share = after / later[key];
        if (key == 0) stats.sink = share;
        const bool enough = 2 * later[key] >= rows;
        if (!enough) continue;
        shares.emplace_back(key, share);
        broken = broken || std::isnan(share);
        if (!(share <= stats.sink_max)) stats.sink_max = share;
    }
    // The first among equals, whatever the last bit says.
    constexpr double kSame = 1e-6;
    if (broken) stats.sink_max = HeadStats::kNone;
    const auto first = std::find_if(shares.begin(), shares.end(), [&](const auto& found) {
        return found.second >= stats.sink_max - kSame;
    });
    if (first != shares.end()) stats.sink_key = static_cast<double>(first->first);
    results_[first_result_ + slot] = stats;
    const std::lock_guard<std::mutex> lock(mutex_);
    rows_[slot].reset();
}

template <class T>
void StatsSink<T>::save_rows(const RowPiece& piece, ByteWriter& to) const {
    const HeadRows& head = *rows_[shape_.slot(piece.sequence, piece.head)];
    to.put_values(&head.rows[piece.begin], piece.end - piece.begin);
    to.put(head.from_after);
    to.put(head.from_before);
}

template <class T>
void StatsSink<T>::restore_rows(const RowPiece& piece, ByteReader& from) {
    HeadRows& head = rows_of(shape_.slot(piece.sequence, piece.head));
    from.take_values(&head.rows[piece.begin], piece.end - piece.begin);
    for (std::vector<FixedSum>* sums : {&head.from_after, &head.from_before}) {
        std::vector<FixedSum> theirs;
        from.take(theirs);
        for (std::size_t key = 0; key < theirs.size(); ++key) (*sums)[key].add(theirs[key]);
    }
}

template <class T>
void StatsSink<T>::save_head(std::size_t sequence, std::size_t place, ByteWriter& to) const {
    const std::size_t result = first_result_ + shape_.slot(sequence, place);
    to.put(results_[result]);
    to.put(received_[result]);
}

template <class T>
void StatsSink<T>::restore_head(std::size_t sequence, std::size_t place, ByteReader& from) {
    const std::size_t result = first_result_ + shape_.slot(sequence, place);
    from.take(results_[result]);
    from.take(received_[result]);
}

template class StatsSink<float>;
template class StatsSink<double>;

}  // namespace attn::analysis
