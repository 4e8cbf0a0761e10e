#include "analysis/wrong_structure.hpp"

#include <algorithm>

#include "attention/query_offset.hpp"

namespace attn::analysis {
namespace {

void change_lengths(std::vector<std::size_t>& lengths, const Mistakes& mistakes, std::size_t keys) {
    if (lengths.empty()) return;
    if (mistakes.ignored_padding || mistakes.padding != Padding::right) lengths.clear();
    if (mistakes.padding_of_next) std::rotate(lengths.begin(), lengths.begin() + 1, lengths.end());
    for (std::size_t& length : lengths) {
        const auto changed = static_cast<std::ptrdiff_t>(length) + mistakes.padding_step;
        length = static_cast<std::size_t>(
            std::clamp<std::ptrdiff_t>(changed, 0, static_cast<std::ptrdiff_t>(keys)));
    }
}

}  // namespace

MaskStructure wrong_structure(const MaskStructure& right, const Mistakes& mistakes,
                              std::size_t queries, std::size_t keys) {
    MaskStructure structure = right;
    if (mistakes.causal) structure.causal = *mistakes.causal;
    change_lengths(structure.key_lengths, mistakes, keys);
    if (mistakes.ignored_window) structure.window_left = structure.window_right = std::nullopt;
    if (mistakes.window_from_end || mistakes.window_in_chunks) structure.window_left = std::nullopt;
    if (mistakes.window_to_both_sides) {
        structure.causal = false;
        structure.window_right = structure.window_left;
    }
    if (structure.window_left) {
        const auto left = static_cast<std::ptrdiff_t>(*structure.window_left);
        structure.window_left = static_cast<std::size_t>(left + mistakes.window_shift);
    }
    if (structure.window_right) {
        const auto right_side = static_cast<std::ptrdiff_t>(*structure.window_right);
        structure.window_right = static_cast<std::size_t>(right_side + mistakes.window_right_shift);
    }
    if (mistakes.other_alignment) {
        const std::vector<std::ptrdiff_t> end = end_offsets(queries, keys, right.key_lengths);
        bool at_end = true;
        for (std::size_t sequence = 0; sequence < end.size(); ++sequence)
            at_end = at_end && offset_of(right.offsets, sequence) == end[sequence];
        structure.offsets = at_end ? std::vector<std::ptrdiff_t>{0} : end;
    }
    for (std::ptrdiff_t& offset : structure.offsets) offset += mistakes.shift;
    return structure;
}

bool padding_allows(const MaskStructure& right, const Mistakes& mistakes, std::size_t sequence,
                    std::size_t query, std::size_t key, std::size_t keys) {
    if (mistakes.padding == Padding::right || mistakes.ignored_padding || right.key_lengths.empty())
        return true;
    const std::size_t length = right.key_lengths[sequence];
    if (mistakes.padding == Padding::left) return key >= keys - length;
    if (mistakes.padding == Padding::inverted) return key >= length;
    const std::ptrdiff_t at = position_of(right.offsets, sequence, query);
    return at < static_cast<std::ptrdiff_t>(length);
}

bool window_allows(const MaskStructure& right, const Mistakes& mistakes, std::size_t sequence,
                   std::size_t query, std::size_t key, std::size_t keys) {
    if (mistakes.window_in_chunks && right.window_left) {
        const auto size = static_cast<std::ptrdiff_t>(*right.window_left) + 1;
        const std::ptrdiff_t at = position_of(right.offsets, sequence, query);
        return at >= 0 && at / size == static_cast<std::ptrdiff_t>(key) / size;
    }
    return !mistakes.window_from_end || !right.window_left || key + *right.window_left + 1 >= keys;
}

}  // namespace attn::analysis
