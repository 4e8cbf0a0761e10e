#include "analysis/row_stats.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "attention/kernels.hpp"

namespace attn::analysis {
namespace {

// Keys that the row may attend: all of its range, or those that no mask array forbids.
template <class T>
std::size_t count_keys(const Tile<T>& tile, std::size_t row) {
    const KeyRange allowed = tile.allowed[row];
    if (tile.blocked.empty()) return allowed.size();
    const Span<const std::uint8_t> blocked = tile.blocked.row(row);
    return static_cast<std::size_t>(
        std::count(blocked.begin() + (allowed.begin - tile.active.begin),
                   blocked.begin() + (allowed.end - tile.active.begin), std::uint8_t{0}));
}

template <class T>
void measure_scores(const Tile<T>& tile, std::size_t row, RowStats& stats) {
    if (tile.scores.empty()) return;
    const KeyRange allowed = tile.allowed[row];
    // Cells that a mask array forbids hold -inf.
    stats.scores = kernels<T>().sum_scores(
        tile.scores.row(row).data() + (allowed.begin - tile.active.begin), allowed.size());
}

// `at` gives the weight of a key, 0 outside of the row. The query's position is its token's number.
template <class At>
void measure_patterns(const At& at, std::size_t query, const RowOptions& options, RowStats& stats) {
    const auto counted = [&](std::size_t key) {
        const bool excluded =
            (key == 0 && options.exclude_first_key) || (key == query && options.exclude_self);
        return excluded ? 0.0 : at(static_cast<std::ptrdiff_t>(key));
    };
    const auto see = [&](PatternMass& pattern, std::size_t key) {
        pattern.mass += counted(key);
        pattern.cells += 1;
    };
    stats.counted = stats.sum;
    if (options.exclude_first_key) stats.counted -= stats.first;
    if (options.exclude_self && !(query == 0 && options.exclude_first_key))
        stats.counted -= stats.diagonal;
    if (query > 0) see(stats.previous_token, query - 1);
    for (const std::size_t earlier : options.tokens->duplicates(query)) {
        see(stats.duplicate_token, earlier);
        see(stats.induction, earlier + 1);
    }
}

}  // namespace

template <class T>
std::size_t keys_for_share(Span<const T> weights, double share) {
    const Kernels<T>& kernels = attn::kernels<T>();
    const T* row = weights.data();
    std::size_t low_count = 0;
    const double sum = kernels.sum_above(row, weights.size(), T{0}, &low_count);
    if (!(sum >= share)) return weights.size();
    // The threshold is between `low` (what is above reaches the share) and `high` (it does not);
    // they close in until few weights are left to sort.
    constexpr std::size_t kFew = 32;
    T low = static_cast<T>((sum - share) / static_cast<double>(weights.size()));
    T high = kernels.largest(row, weights.size());
    if (static_cast<double>(high) >= share) return 1;
    low = std::max(low, high * static_cast<T>(1e-6));
    double low_sum = kernels.sum_above(row, weights.size(), low, &low_count);
    if (low_sum < share) low_sum = kernels.sum_above(row, weights.size(), low = T{0}, &low_count);
    std::size_t high_count = 0;
    double high_sum = 0;
    while (low > 0 && low_count - high_count > kFew) {
        // Where the share would be if the sum fell evenly, but not too near to either end.
        const double step = std::clamp((low_sum - share) / (low_sum - high_sum), 0.1, 0.9);
        const T middle = low * static_cast<T>(std::pow(static_cast<double>(high / low), step));
        if (!(middle > low && middle < high)) break;
        std::size_t count = 0;
        const double above = kernels.sum_above(row, weights.size(), middle, &count);
        if (above >= share) {
            low = middle;
            low_count = count;
            low_sum = above;
        } else {
            high = middle;
            high_count = count;
            high_sum = above;
        }
    }
    std::vector<T> rest(low_count - high_count);
    kernels.collect(row, weights.size(), low, high, rest.data());
    std::sort(rest.begin(), rest.end(), std::greater<>());
    std::size_t taken = 0;
    while (taken < rest.size() && high_sum < share) high_sum += static_cast<double>(rest[taken++]);
    return high_count + taken;
}

template <class T>
RowStats measure_row(const Tile<T>& tile, std::size_t row, std::ptrdiff_t position,
                     std::size_t keys, const RowOptions& options) {
    const KeyRange allowed = tile.allowed[row];
    const T* const from = tile.weights.row(row).data() + (allowed.begin - tile.active.begin);
    const Span<const T> weights(from, allowed.size());
    const auto at = [&](std::ptrdiff_t key) {
        const bool inside = key >= 0 && allowed.contains(static_cast<std::size_t>(key));
        return inside ? static_cast<double>(from[static_cast<std::size_t>(key) - allowed.begin])
                      : 0.0;
    };

    RowStats stats;
    const WeightSums sums =
        kernels<T>().weigh(from, weights.size(),
                           static_cast<T>(static_cast<std::ptrdiff_t>(allowed.begin) - position));
    // A row that is all zeros was left no key, if only by a mask that we were not told of.
    if (sums.sum != 0) {
        stats.keys = static_cast<double>(count_keys(tile, row));
        stats.sum = sums.sum;
        stats.entropy = -sums.logs;
        stats.squares = sums.squares;
        stats.distance = sums.distance;
        stats.largest = static_cast<double>(kernels<T>().largest(from, weights.size()));
        stats.keys_for_90 = static_cast<double>(keys_for_share(weights, 0.9));
        stats.diagonal = at(position);
        stats.previous = at(position - 1);
        stats.next = at(position + 1);
        stats.first = at(0);
        stats.last = at(static_cast<std::ptrdiff_t>(keys) - 1);
        measure_scores(tile, row, stats);
    }
    if (options.tokens != nullptr)
        measure_patterns(at, static_cast<std::size_t>(position), options, stats);
    return stats;
}

template std::size_t keys_for_share(Span<const float>, double);
template std::size_t keys_for_share(Span<const double>, double);
template RowStats measure_row(const Tile<float>&, std::size_t, std::ptrdiff_t, std::size_t,
                              const RowOptions&);
template RowStats measure_row(const Tile<double>&, std::size_t, std::ptrdiff_t, std::size_t,
                              const RowOptions&);

}  // namespace attn::analysis
