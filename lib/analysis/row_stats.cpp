#include "analysis/row_stats.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/keys_for_90.hpp"
#include "kernels/kernels.hpp"

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

// Sums that came with the tile, or of scores that lie beside stored weights: masked = -inf.
template <class T>
ScoreSums score_sums_of(const Tile<T>& tile, std::size_t row) {
    if (!tile.score_sums.empty()) return tile.score_sums[row];
    if (tile.scores.empty()) return {};
    const KeyRange allowed = tile.allowed[row];
    return kernels<T>().sum_scores(
        tile.scores.row(row).data() + (allowed.begin - tile.active.begin), allowed.size());
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
    const WeightSums sums = kernels<T>().sum_weights(
        from, weights.size(),
        static_cast<T>(static_cast<std::ptrdiff_t>(allowed.begin) - position));
    // A row that is all zeros was left no key, if only by a mask that we were not told of.
    if (sums.sum != 0) {
        stats.keys = static_cast<double>(count_keys(tile, row));
        stats.sum = sums.sum;
        stats.entropy =
            tile.entropy.empty() ? -kernels<T>().sum_logs(from, weights.size()) : tile.entropy[row];
        stats.squares = sums.squares;
        stats.distance = options.grid == nullptr ? sums.distance : on_grid();
        stats.largest = sums.largest;
        stats.keys_for_90 =
            std::min(stats.keys, static_cast<double>(keys_for_90(weights, sums, stats.entropy)));
        stats.diagonal = at(position);
        stats.previous = at(position - 1);
        stats.next = at(position + 1);
        stats.first = at(0);
        stats.last = at(static_cast<std::ptrdiff_t>(keys) - 1);
        stats.scores = score_sums_of(tile, row);
    }
    // A query before the first key or behind the last has no token there.
    const bool among_keys = position >= 0 && position < static_cast<std::ptrdiff_t>(keys);
    if (options.tokens != nullptr && among_keys)
        measure_patterns(at, static_cast<std::size_t>(position), options, stats);
    return stats;
}

template RowStats measure_row(const Tile<float>&, std::size_t, std::ptrdiff_t, std::size_t,
                              const RowOptions&);
template RowStats measure_row(const Tile<double>&, std::size_t, std::ptrdiff_t, std::size_t,
                              const RowOptions&);

}  // namespace attn::analysis
