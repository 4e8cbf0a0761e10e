#include "analysis/row_stats.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

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
    const std::size_t first = tile.allowed[row].begin - tile.active.begin;
    Span<const T> scores(tile.scores.row(row).data() + first, tile.allowed[row].size());
    std::vector<T> open;
    if (!tile.blocked.empty()) {
        // Scores of an early stage stand in cells that a mask array forbids too.
        const std::uint8_t* blocked = tile.blocked.row(row).data() + first;
        for (std::size_t i = 0; i < scores.size(); ++i)
            if (blocked[i] == 0) open.push_back(scores[i]);
        scores = open;
    }
    stats.scores = kernels<T>().sum_scores(scores.data(), scores.size());
}

// `at` gives the weight of a key, 0 outside of the row. The query is a key, too.
template <class At>
void measure_patterns(const At& at, std::size_t query, const RowOptions& options, RowStats& stats) {
    const auto see = [&](PatternMass& pattern, std::size_t key) {
        if (key == 0 && options.exclude_first_key) return;
        if (key == query && options.exclude_self) return;
        pattern.mass += at(static_cast<std::ptrdiff_t>(key));
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
std::size_t keys_for_share(Span<const T> weights, double sum, T largest, double share) {
    if (!(sum >= share)) return weights.size();
    if (static_cast<double>(largest) >= share) return 1;
    const Kernels<T>& kernels = attn::kernels<T>();
    const T* row = weights.data();
    // The threshold is between `low` (what is above reaches the share) and `high` (it does not);
    // they close in until few weights are left to sort. Regula falsi on the logarithm of the
    // threshold; the end that stays where it is counts half the next time (the Illinois rule).
    constexpr std::size_t kFew = 8;
    T low = static_cast<T>((sum - share) / static_cast<double>(weights.size()));
    T high = largest;
    std::size_t low_count = weights.size(), high_count = 0;
    double high_sum = 0;
    double excess = sum - share, lack = share;
    while (low > 0 && low_count - high_count > kFew) {
        const double step = std::clamp(excess / (excess + lack), 0.05, 0.95);
        const T middle = low * static_cast<T>(std::pow(static_cast<double>(high / low), step));
        if (!(middle > low && middle < high)) break;
        std::size_t count = 0;
        const double above = kernels.sum_above(row, weights.size(), middle, &count);
        if (above >= share) {
            low = middle;
            low_count = count;
            excess = above - share;
            lack /= 2;
        } else {
            high = middle;
            high_count = count;
            high_sum = above;
            lack = share - above;
            excess /= 2;
        }
    }
    std::vector<T> rest(low_count - high_count + kernels.lanes);
    rest.resize(kernels.collect(row, weights.size(), low, high, rest.data()));
    std::make_heap(rest.begin(), rest.end());
    while (!rest.empty() && high_sum < share) {
        std::pop_heap(rest.begin(), rest.end());
        high_sum += static_cast<double>(rest.back());
        rest.pop_back();
        ++high_count;
    }
    return high_count;
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
    const auto on_grid = [&] {
        return options.grid->is_patch(position)
                   ? options.grid->weighted_distance(position, weights, allowed.begin)
                   : std::numeric_limits<double>::quiet_NaN();
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
        stats.distance = options.grid == nullptr ? sums.distance : on_grid();
        const T largest = kernels<T>().largest(from, weights.size());
        stats.largest = static_cast<double>(largest);
        stats.keys_for_90 = std::min(
            stats.keys, static_cast<double>(keys_for_share(weights, sums.sum, largest, 0.9)));
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

template std::size_t keys_for_share(Span<const float>, double, float, double);
template std::size_t keys_for_share(Span<const double>, double, double, double);
template RowStats measure_row(const Tile<float>&, std::size_t, std::ptrdiff_t, std::size_t,
                              const RowOptions&);
template RowStats measure_row(const Tile<double>&, std::size_t, std::ptrdiff_t, std::size_t,
                              const RowOptions&);

}  // namespace attn::analysis
