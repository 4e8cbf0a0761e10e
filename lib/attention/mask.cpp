#include "attention/mask.hpp"

#include <algorithm>
#include <limits>

#include "attention/query_offset.hpp"

namespace attn {

template <class T>
KeyRange Mask<T>::allowed(std::size_t sequence, std::size_t query) const {
    const MaskStructure& structure = options_.structure;
    const std::ptrdiff_t at = position_of(structure.offsets, sequence, query);
    const std::size_t valid =
        structure.key_lengths.empty() ? keys_ : structure.key_lengths[sequence];
    std::ptrdiff_t begin = 0;
    auto end = static_cast<std::ptrdiff_t>(valid);
    if (structure.causal) end = std::min(end, at + 1);
    if (structure.window_right) {
        end = std::min(end, at + static_cast<std::ptrdiff_t>(*structure.window_right) + 1);
    }
    if (structure.window_left) {
        begin = std::max(begin, at - static_cast<std::ptrdiff_t>(*structure.window_left));
    }
    if (begin >= end) return {};
    return {static_cast<std::size_t>(begin), static_cast<std::size_t>(end)};
}

template <class T>
KeyRange Mask<T>::allowed(std::size_t sequence, std::size_t first_query, std::size_t rows) const {
    // Both ends of the ranges only grow with the query, so that the outer rows that have keys
    // decide.
    std::size_t first = first_query;
    std::size_t last = first_query + rows;
    while (first < last && allowed(sequence, first).empty()) ++first;
    while (last > first && allowed(sequence, last - 1).empty()) --last;
    if (first == last) return {};
    return {allowed(sequence, first).begin, allowed(sequence, last - 1).end};
}

template <class T>
void Mask<T>::add_biases(std::size_t sequence, std::size_t head, std::size_t query, KeyRange range,
                         T* scores) const {
    const std::ptrdiff_t at = position_of(options_.structure.offsets, sequence, query);
    for (std::size_t key = range.begin; key < range.end; ++key) {
        T& score = scores[key - range.begin];
        const std::ptrdiff_t distance = static_cast<std::ptrdiff_t>(key) - at;
        if (!options_.alibi.empty()) score += options_.alibi[head] * static_cast<T>(distance);
        if (!options_.relative.empty()) score += options_.relative.at(head, distance);
        if (!options_.bias.empty()) score += options_.bias.at(sequence, head, query, key);
    }
}

template <class T>
void Mask<T>::apply(std::size_t sequence, std::size_t head, std::size_t query, KeyRange range,
                    T* scores, std::uint8_t* blocked) const {
    const bool biased =
        !options_.alibi.empty() || !options_.relative.empty() || !options_.bias.empty();
    if (biased) add_biases(sequence, head, query, range, scores);
    if (!blocks_cells()) return;
    constexpr T forbidden = -std::numeric_limits<T>::infinity();
    for (std::size_t key = range.begin; key < range.end; ++key) {
        T& score = scores[key - range.begin];
        bool block = false;
        if (!options_.may_attend.empty()) {
            block = key >= options_.may_attend.keys() ||
                    options_.may_attend.at(sequence, head, query, key) == 0;
        }
        if (!options_.added.empty()) {
            const T value = key < options_.added.keys()
                                ? options_.added.at(sequence, head, query, key)
                                : forbidden;
            block = block || value == forbidden;
            score += value;
        }
        block = block || (options_.bias.forbids() &&
                          options_.bias.at(sequence, head, query, key) == forbidden);
        // Set, not added: a score that is not finite would survive the addition.
        if (block) score = forbidden;
        blocked[key - range.begin] = block ? 1 : 0;
    }
}

template class Mask<float>;
template class Mask<double>;

}  // namespace attn
