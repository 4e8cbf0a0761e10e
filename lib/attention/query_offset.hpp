// Where the queries stand among the keys: query i of a sequence stands at key i + offset. The one
// place that says which offset a sequence has.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace attn {

// The offset of one sequence; `offsets` holds one for all, or one for each.
inline std::ptrdiff_t offset_of(const std::vector<std::ptrdiff_t>& offsets, std::size_t sequence) {
    return offsets.size() == 1 ? offsets[0] : offsets[sequence];
}

// The key at which a query stands; may lie in front of all keys or behind them.
inline std::ptrdiff_t position_of(const std::vector<std::ptrdiff_t>& offsets, std::size_t sequence,
                                  std::size_t query) {
    return static_cast<std::ptrdiff_t>(query) + offset_of(offsets, sequence);
}

// Whether query 0 of every sequence stands at key 0.
inline bool start_at_first_key(const std::vector<std::ptrdiff_t>& offsets) {
    return std::all_of(offsets.begin(), offsets.end(),
                       [](std::ptrdiff_t offset) { return offset == 0; });
}

// Offsets that put the last query at the last valid key, as flash-attention and MLX do: length -
// queries. Negative where a sequence has fewer keys than there are queries: the first queries then
// stand in front of all keys. `key_lengths` holds the valid keys of each sequence; empty: `keys` of
// all.
inline std::vector<std::ptrdiff_t> end_offsets(std::size_t queries, std::size_t keys,
                                               const std::vector<std::size_t>& key_lengths) {
    std::vector<std::ptrdiff_t> offsets;
    const auto add = [&](std::size_t length) {
        offsets.push_back(static_cast<std::ptrdiff_t>(length) -
                          static_cast<std::ptrdiff_t>(queries));
    };
    for (const std::size_t length : key_lengths) add(length);
    if (key_lengths.empty()) add(keys);
    return offsets;
}

}  // namespace attn
