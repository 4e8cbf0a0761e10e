#include "analysis/check_sink.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <type_traits>

#include "analysis/row_limits.hpp"
#include "analysis/same_weights.hpp"
#include "attention/query_offset.hpp"
#include "attention/whole_rows.hpp"
#include "core/are_zeros.hpp"
#include "kernels/kernels.hpp"

namespace attn::analysis {
namespace {

constexpr double kOff = 0.01;

// The worst cell of one kind in a row.
struct WorstCell {
    double value = 0;
    std::size_t key = 0;
    void see(double offence, std::size_t at) {
        if (offence > value) *this = {offence, at};
    }
};

// The bits of a number, which for numbers that are not negative are in their order.
template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

template <class T>
Bits<T> bits_of(const T* cell) {
    Bits<T> bits = 0;
    std::memcpy(&bits, cell, sizeof bits);
    return bits;
}

// Whether all cells are numbers from 0 to 1: those whose bits are at most the bits of 1. Without a
// branch for each.
template <class T>
bool all_are_fractions(const T* cells, std::size_t count) {
    constexpr Bits<T> kOne = sizeof(T) == 4 ? 0x3f800000 : 0x3ff0000000000000;
    Bits<T> larger = 0;
    for (std::size_t i = 0; i < count; ++i)
        larger |= static_cast<Bits<T>>(bits_of(cells + i) > kOne);
    return larger == 0;
}

// The last and some before it, evenly: rows late in a causal head differ most.
std::vector<std::size_t> some_rows(std::size_t queries) {
    constexpr std::size_t kMost = 4;
    const std::size_t count = std::min(queries, kMost);
    std::vector<std::size_t> rows;
    for (std::size_t i = 1; i <= count; ++i) rows.push_back(i * queries / count - 1);
    return rows;
}

// Cells of the tile by their keys, of which only those in tile.active may be asked for.
template <class T>
Span<const T> by_key(MatrixView<const T> cells, const Tile<T>& tile, std::size_t row) {
    return {cells.row(row).data() - tile.active.begin, tile.active.end};
}

}  // namespace

template <class T>
struct CheckSink<T>::RowCheck {
    WorstCell not_finite, minus_infinite, below_zero, above_one, largest;
    std::array<WorstCell, kBans> leaks;
    double sum = 0, entropy = 0;
    std::size_t keys = 0;     // that may be attended
    std::size_t choices = 0;  // keys, and those that are attended all the same
    std::size_t negative = 0, broken = 0;
    double allowed_weight = 0;  // of the sum
    Sameness values, scores;
    RowZeros zeros;
};

// Keys from `first` on, over some rows that have weights.
template <class T>
struct CheckSink<T>::SeenKeys {
    std::size_t first;
    std::vector<std::uint32_t> may;      // rows that may attend each key
    std::vector<std::uint8_t> attended;  // whether one does

    explicit SeenKeys(KeyRange keys) : first(keys.begin), may(keys.size()), attended(keys.size()) {}

    void see(Span<const T> weights, KeyRange allowed, const std::uint8_t* masked) {
        for (std::size_t key = allowed.begin; key < allowed.end; ++key) {
            may[key - first] += static_cast<std::uint32_t>(masked == nullptr || masked[key] == 0);
            attended[key - first] |= static_cast<std::uint8_t>(weights[key] != 0);
        }
    }
    void add(const SeenKeys& more) {
        for (std::size_t i = 0; i < more.may.size(); ++i) {
            may[more.first - first + i] += more.may[i];
            attended[more.first - first + i] |= more.attended[i];
        }
    }
};

// What is known of a head while it streams.
template <class T>
struct CheckSink<T>::HeadRows {
    std::vector<RowCheck> rows;
    SeenKeys keys;

    HeadRows(std::size_t queries, std::size_t key_count) : rows(queries), keys({0, key_count}) {}
};

template <class T>
CheckSink<T>::CheckSink(const MaskOptions<T>& mask, CheckOptions options)
    : mask_options_(mask), options_(std::move(options)) {}
template <class T>
CheckSink<T>::~CheckSink() = default;

template <class T>
Needs CheckSink<T>::needs() const {
    Needs needs;
    needs.scores = options_.passing;
    return needs;
}

template <class T>
void CheckSink<T>::begin_layer(const LayerShape& shape) {
    shape_ = shape;
    MaskOptions<T> options = mask_options_;
    const auto window = options_.window_left.find(shape.layer);
    if (window != options_.window_left.end()) options.structure.window_left = window->second;
    mask_.emplace(std::move(options), shape.keys);
    first_result_ = results_.size();
    results_.resize(first_result_ + shape.slots());
    heads_.clear();
    heads_.resize(shape.slots());
    if (!options_.passing) return;
    sampled_rows_ = some_rows(shape.queries);
    samples_.assign(shape.slots(), std::vector<T>(sampled_rows_.size() * shape.keys));
}

// Each row of a sample belongs to one tile.
template <class T>
void CheckSink<T>::sample(const Tile<T>& tile) {
    std::vector<T>& rows = samples_[shape_.slot(tile.sequence, tile.head)];
    for (std::size_t i = 0; i < sampled_rows_.size(); ++i) {
        const std::size_t query = sampled_rows_[i];
        if (query < tile.first_query || query >= tile.first_query + tile.rows()) continue;
        const Span<const T> weights = tile.weights.row(query - tile.first_query);
        std::copy(weights.begin(), weights.end(),
                  rows.data() + i * shape_.keys + tile.active.begin);
    }
}

// The first rule that forbids a cell which lies outside of what may be attended.
template <class T>
Ban CheckSink<T>::ban_of(std::size_t sequence, std::size_t query, std::size_t key,
                         bool masked) const {
    const MaskStructure& structure = mask_options_.structure;
    const std::ptrdiff_t position = position_of(structure.offsets, sequence, query);
    if (structure.causal && static_cast<std::ptrdiff_t>(key) > position) return Ban::causal;
    if (!structure.key_lengths.empty() && key >= structure.key_lengths[sequence])
        return Ban::padding;
    return masked ? Ban::mask : Ban::window;
}

// The usual row: fractions where it may attend, zeros elsewhere. False, and nothing done, for any
// other.
template <class T>
bool CheckSink<T>::check_sane_row(const Tile<T>& tile, std::size_t row, RowCheck& check) const {
    if (mask_->blocks_cells()) return false;
    const Span<const T> weights = by_key(tile.weights, tile, row);
    const KeyRange active = tile.active;
    const KeyRange allowed = mask_->allowed(tile.sequence, tile.first_query + row);
    if (allowed.empty() || allowed.begin < active.begin || allowed.end > active.end) return false;
    const T* const from = weights.data() + allowed.begin;
    const bool sane = are_zeros(weights.data() + active.begin, allowed.begin - active.begin) &&
                      are_zeros(weights.data() + allowed.end, active.end - allowed.end) &&
                      all_are_fractions(from, allowed.size());
    if (!sane) return false;
    const Kernels<T>& kernels = attn::kernels<T>();
    const WeightSums sums = kernels.sum_weights(from, allowed.size(), 0);
    const auto largest = static_cast<T>(sums.largest);
    check.keys = check.choices = allowed.size();
    check.sum = check.allowed_weight = sums.sum;
    check.entropy = -kernels.sum_logs(from, allowed.size());
    const T* const place = std::find(from, from + allowed.size(), largest);
    check.largest.see(sums.largest, static_cast<std::size_t>(place - weights.data()));
    check.values.see(sums.largest);
    const T* const end = from + allowed.size();
    const T* const other = std::find_if(from, end, [&](T w) { return w != largest; });
    if (other != end) check.values.see(static_cast<double>(*other));
    return true;
}

// 1 for the keys that a mask array forbids; empty without one. A number that leaves a key nothing
// beside others, such as -1e9 or the lowest of its type, forbids it as -inf does. Where it is added
// to every key of a row, code differs: all of them share the weight, or none has any.
template <class T>
std::vector<std::uint8_t> CheckSink<T>::masked_keys(const Tile<T>& tile, std::size_t row) const {
    std::vector<std::uint8_t> masked;
    if (!mask_->blocks_cells()) return masked;
    constexpr T kNothing = -1000;  // exp of it is 0 in any type, and scores are smaller
    const std::size_t query = tile.first_query + row;
    std::vector<T> added(shape_.keys);
    masked.resize(shape_.keys);
    mask_->apply(tile.sequence, tile.head, query, {0, shape_.keys}, added.data(), masked.data());
    const KeyRange allowed = mask_->allowed(tile.sequence, query);
    if (allowed.empty()) return masked;
    const T most = *std::max_element(added.begin() + static_cast<std::ptrdiff_t>(allowed.begin),
                                     added.begin() + static_cast<std::ptrdiff_t>(allowed.end));
    const Span<const T> weights = tile.weights.row(row);
    const bool none = most <= kNothing && are_zeros(weights.data(), weights.size());
    for (std::size_t key = 0; key < masked.size(); ++key) {
        if (none || added[key] < most + kNothing) masked[key] = 1;
    }
    return masked;
}

template <class T>
void CheckSink<T>::check_cells(const Tile<T>& tile, std::size_t row,
                               const std::vector<std::uint8_t>& masked, RowCheck& check) const {
    const std::size_t query = tile.first_query + row;
    const KeyRange allowed = mask_->allowed(tile.sequence, query);
    const Span<const T> weights = tile.weights.row(row);
    for (std::size_t key = 0; key < weights.size(); ++key) {
        const auto weight = static_cast<double>(weights[key]);
        const bool is_masked = !masked.empty() && masked[key] != 0;
        const bool is_allowed = allowed.contains(key) && !is_masked;
        check.keys += is_allowed;
        check.choices += is_allowed || weight > 0;
        if (!std::isfinite(weight)) {
            if (weight == -INFINITY) check.minus_infinite.see(1, key);
            check.not_finite.see(1, key);
            check.broken += 1;
            continue;
        }
        check.sum += weight;
        if (is_allowed) check.allowed_weight += weight;
        if (weight > 0) check.entropy -= weight * std::log(weight);
        check.negative += weight < 0;
        check.below_zero.see(-weight, key);
        check.above_one.see(weight - 1, key);
        check.largest.see(weight, key);
        if (is_allowed) check.values.see(weight);
        if (!is_allowed && weight != 0) {
            const Ban ban = ban_of(tile.sequence, query, key, is_masked);
            check.leaks[static_cast<std::size_t>(ban)].see(std::abs(weight), key);
        }
    }
}

template <class T>
void CheckSink<T>::check_scores(const Tile<T>& tile, std::size_t row, RowCheck& check) const {
    if (tile.scores.empty()) return;
    const KeyRange allowed = mask_->allowed(tile.sequence, tile.first_query + row);
    const ScoreSums sums = kernels<T>().sum_scores(
        by_key(tile.scores, tile, row).data() + allowed.begin, allowed.size());
    if (sums.count == 0) return;
    check.scores.see(sums.smallest);
    check.scores.see(sums.largest);
}

template <class T>
void CheckSink<T>::check_row(const Tile<T>& tile, std::size_t row, bool sane, RowCheck& check,
                             SeenKeys& keys) const {
    const std::vector<std::uint8_t> masked = masked_keys(tile, row);
    if (!sane) check_cells(tile, row, masked, check);
    check_scores(tile, row, check);
    if (check.broken > 0) return;
    const std::size_t query = tile.first_query + row;
    const KeyRange allowed = mask_->allowed(tile.sequence, query);
    const std::uint8_t* const forbidden = masked.empty() ? nullptr : masked.data();
    const Span<const T> weights = by_key(tile.weights, tile, row);
    check.zeros = zeros_of(weights, allowed, forbidden,
                           position_of(mask_options_.structure.offsets, tile.sequence, query));
    if (check.sum > 0) keys.see(weights, allowed, forbidden);
}

// All that any of its rows may attend.
template <class T>
KeyRange CheckSink<T>::allowed_in(const Tile<T>& tile) const {
    KeyRange all{shape_.keys, 0};
    for (std::size_t row = 0; row < tile.rows(); ++row) {
        const KeyRange allowed = mask_->allowed(tile.sequence, tile.first_query + row);
        if (allowed.empty()) continue;
        all = {std::min(all.begin, allowed.begin), std::max(all.end, allowed.end)};
    }
    return all.empty() ? KeyRange{} : all;
}

template <class T>
typename CheckSink<T>::HeadRows& CheckSink<T>::rows_of(std::size_t slot) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!heads_[slot]) heads_[slot] = std::make_unique<HeadRows>(shape_.queries, shape_.keys);
    return *heads_[slot];
}

template <class T>
void CheckSink<T>::consume(const Tile<T>& tile) {
    HeadRows& head = rows_of(shape_.slot(tile.sequence, tile.head));
    SeenKeys keys(allowed_in(tile));
    // Under a window all keys of a row are many times those that it holds.
    std::optional<WholeRows<T>> whole;
    for (std::size_t row = 0; row < tile.rows(); ++row) {
        RowCheck& check = head.rows[tile.first_query + row] = {};
        const bool sane = check_sane_row(tile, row, check);
        if (!sane && !whole) whole.emplace(tile, shape_.keys);
        check_row(sane ? tile : whole->tile(), row, sane, check, keys);
    }
    if (options_.passing) sample(tile);
    const std::lock_guard<std::mutex> lock(mutex_);
    head.keys.add(keys);
}

template <class T>
void CheckSink<T>::end_head(std::size_t sequence, std::size_t place) {
    const std::size_t slot = shape_.slot(sequence, place);
    HeadCheck head;
    head.layer = shape_.layer;
    head.sequence = sequence;
    head.place = place;
    std::size_t favourite = shape_.keys;
    const HeadRows& known = *heads_[slot];
    std::vector<RowZeros> zeros;
    for (std::size_t query = 0; query < shape_.queries; ++query) {
        const RowCheck& row = known.rows[query];
        zeros.push_back(row.zeros);
        const auto see = [&](Worst& worst, const WorstCell& cell) {
            worst.see(cell.value, query, cell.key);
        };
        see(head.not_finite, row.not_finite);
        see(head.minus_infinite, row.minus_infinite);
        see(head.below_zero, row.below_zero);
        see(head.above_one, row.above_one);
        see(head.largest, row.largest);
        for (std::size_t ban = 0; ban < kBans; ++ban) see(head.leaks[ban], row.leaks[ban]);
        head.cells += static_cast<double>(shape_.keys);
        head.negative_cells += static_cast<double>(row.negative);
        head.broken_cells += static_cast<double>(row.broken);
        head.values.see(row.values);
        head.scores.see(row.scores);
        if (row.broken > 0) continue;  // it has no sum

        const double off = std::abs(row.sum - (row.keys > 0 ? 1 : 0));
        if (off > head.row_sum.value) head.row_sum_found = row.sum;
        head.row_sum.see(off, query, 0);
        head.sums.see(row.sum);
        head.allowed_weight += row.allowed_weight;
        head.forbidden_weight += row.sum - row.allowed_weight;
        if (row.keys == 0) continue;
        head.rows += 1;
        head.far_rows += off > kFarRow;
        head.off_rows += off > kOff && row.sum > 0;
        head.odd_rows += off > kOff;
        if (row.keys < 2) continue;
        head.choosing_rows += 1;
        head.saturated_rows += row.largest.value > kSaturatedRow;
        // The entropy that the row would have with a sum of one, from which rounding moves it.
        const double entropy =
            row.sum > 0 ? row.entropy / row.sum + std::log(row.sum) : row.entropy;
        head.least_entropy =
            std::min(head.least_entropy, entropy / std::log(static_cast<double>(row.choices)));
        head.least_largest = std::min(head.least_largest, row.largest.value);
        if (favourite == shape_.keys) favourite = row.largest.key;
        head.one_key = head.one_key && favourite == row.largest.key;
    }
    head.zeros = pattern_of(zeros, known.keys.may, known.keys.attended);
    // A mask array cuts rows where it likes, and that is no window.
    if (mask_->blocks_cells()) head.zeros.left = head.zeros.right = std::nullopt;
    results_[first_result_ + slot] = head;
    const std::lock_guard<std::mutex> lock(mutex_);
    heads_[slot].reset();
}

template <class T>
void CheckSink<T>::end_layer(const LayerOutputs<T>&) {
    if (!options_.passing) return;
    for (std::size_t slot = 0; slot < samples_.size(); ++slot) {
        HeadCheck& head = results_[first_result_ + slot];
        for (std::size_t other = 0; other < slot && !head.twin; ++other) {
            const HeadCheck& earlier = results_[first_result_ + other];
            if (earlier.sequence == head.sequence &&
                are_same_weights<T>(samples_[other], samples_[slot]))
                head.twin = earlier.place;
        }
    }
    samples_.clear();
}

template <class T>
std::vector<std::size_t> CheckSink<T>::sampled_in(const RowPiece& piece) const {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < sampled_rows_.size(); ++i) {
        if (sampled_rows_[i] >= piece.begin && sampled_rows_[i] < piece.end) places.push_back(i);
    }
    return places;
}

template <class T>
void CheckSink<T>::save_rows(const RowPiece& piece, ByteWriter& to) const {
    const std::size_t slot = shape_.slot(piece.sequence, piece.head);
    const HeadRows& head = *heads_[slot];
    to.put_values(&head.rows[piece.begin], piece.end - piece.begin);
    to.put(head.keys.may);
    to.put(head.keys.attended);
    for (const std::size_t i : sampled_in(piece))
        to.put_values(samples_[slot].data() + i * shape_.keys, shape_.keys);
}

template <class T>
void CheckSink<T>::restore_rows(const RowPiece& piece, ByteReader& from) {
    const std::size_t slot = shape_.slot(piece.sequence, piece.head);
    HeadRows& head = rows_of(slot);
    from.take_values(&head.rows[piece.begin], piece.end - piece.begin);
    SeenKeys theirs({0, shape_.keys});
    from.take(theirs.may);
    from.take(theirs.attended);
    head.keys.add(theirs);
    for (const std::size_t i : sampled_in(piece))
        from.take_values(samples_[slot].data() + i * shape_.keys, shape_.keys);
}

template <class T>
void CheckSink<T>::save_head(std::size_t sequence, std::size_t place, ByteWriter& to) const {
    const std::size_t slot = shape_.slot(sequence, place);
    const HeadCheck& head = results_[first_result_ + slot];
    to.put(static_cast<const HeadCounts&>(head));
    save(head.zeros, to);
    if (options_.passing) to.put(samples_[slot]);
}

template <class T>
void CheckSink<T>::restore_head(std::size_t sequence, std::size_t place, ByteReader& from) {
    const std::size_t slot = shape_.slot(sequence, place);
    HeadCheck& head = results_[first_result_ + slot];
    from.take(static_cast<HeadCounts&>(head));
    head.zeros = restore_zeros(from);
    if (options_.passing) from.take(samples_[slot]);
}

template class CheckSink<float>;
template class CheckSink<double>;

}  // namespace attn::analysis
