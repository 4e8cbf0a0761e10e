// What a computation with mistakes adds to the scores, and whom it lets attend.
#include <cmath>

#include "analysis/dense_block.hpp"
#include "analysis/wrong_structure.hpp"
#include "attention/query_offset.hpp"

namespace attn::analysis {

MaskOptions<double> DenseComputation::bias_options() const {
    MaskOptions<double> options;
    if (!mistakes_.ignored_bias) {
        options = options_.mask;
        options.may_attend = options.added = {};
        if (mistakes_.relative) options.relative = *mistakes_.relative;
        if (!mistakes_.alibi.empty()) options.alibi = mistakes_.alibi;
        if (mistakes_.other_direction) options.relative = options.relative.in_other_direction();
    }
    options.structure = structure_;
    return options;
}

MaskOptions<double> DenseComputation::array_options() const {
    MaskOptions<double> options;
    options.structure = structure_;
    if (mistakes_.ignored_mask) return options;
    options.may_attend = options_.mask.may_attend;
    options.added = options_.mask.added;
    return options;
}

// What else than leaving it out may happen to a masked key.
void DenseComputation::mask_wrongly(double& score, std::uint8_t& allowed, bool caps) const {
    if (mistakes_.ones_for_allowed && allowed) score += 1;
    if (mistakes_.zeros_for_masked && !allowed) score = 0;
    if (mistakes_.mask_value && !allowed) {
        // Float32 leaves little of a score beside a large number.
        const auto value = static_cast<float>(*mistakes_.mask_value);
        score = mistakes_.fills_mask ? value : static_cast<float>(score) + value;
    }
    if (mistakes_.ones_for_allowed || mistakes_.zeros_for_masked || mistakes_.mask_value)
        allowed = 1;
    if (!caps) return;
    score = allowed ? cap(score) : -*options_.softcap;
    allowed = 1;
}

// What the mask adds to the cells of one row, and which of them it forbids.
void DenseComputation::apply(const Mask<double>& mask, const DenseCells& cells, std::size_t head,
                             std::size_t query, std::vector<double>& scores,
                             std::vector<std::uint8_t>& blocked) const {
    const std::size_t keys = cells.keys.size();
    if (keys == this->keys()) {
        mask.apply(cells.sequence, head, query, {0, keys}, scores.data(), blocked.data());
        return;
    }
    for (std::size_t key = 0; key < keys; ++key) {
        const std::size_t at = cells.keys[key];
        mask.apply(cells.sequence, head, query, {at, at + 1}, scores.data() + key,
                   blocked.data() + key);
    }
}

// The bias of one row, and which keys it forbids.
void DenseComputation::find_bias(const DenseCells& cells, std::size_t head, std::size_t query,
                                 std::vector<double>& added,
                                 std::vector<std::uint8_t>& forbidden) const {
    const std::size_t of_head = mistakes_.bias_of_head_0 ? 0 : head;
    if (mistakes_.transposed_bias) {
        for (std::size_t key = 0; key < cells.keys.size(); ++key) {
            bias_.apply(cells.sequence, of_head, cells.keys[key], {query, query + 1}, &added[key],
                        &forbidden[key]);
        }
        return;
    }
    apply(bias_, cells, of_head, query, added, forbidden);
    if (!mistakes_.symmetric_alibi && !mistakes_.alibi_of_keys && !mistakes_.logarithmic_alibi)
        return;
    const double slope = options_.mask.alibi[of_head];
    const std::ptrdiff_t at = position_of(structure_.offsets, cells.sequence, query);
    for (std::size_t key = 0; key < cells.keys.size(); ++key) {
        const auto place = static_cast<std::ptrdiff_t>(cells.keys[key]);
        if (mistakes_.alibi_of_keys) added[key] += slope * static_cast<double>(at);
        if (mistakes_.symmetric_alibi && place > at)
            added[key] -= 2 * slope * static_cast<double>(place - at);
        if (mistakes_.logarithmic_alibi) {
            const auto ahead = static_cast<double>(place - at);
            added[key] -= slope * (ahead + std::log1p(std::abs(ahead)));
        }
    }
}

bool DenseComputation::is_inside(std::size_t sequence, std::size_t query, std::size_t key) const {
    return padding_allows(options_.mask.structure, mistakes_, sequence, query, key, keys()) &&
           window_allows(options_.mask.structure, mistakes_, sequence, query, key, keys());
}

bool DenseComputation::may_attend(std::size_t sequence, std::size_t head, std::size_t query,
                                  std::size_t key) const {
    std::uint8_t blocked = 0, forbidden = 0;
    double score = 0;
    array_.apply(sequence, head, query, {key, key + 1}, &score, &blocked);
    bias_.apply(sequence, head, query, {key, key + 1}, &score, &forbidden);
    const bool by_array = (blocked == 0) != mistakes_.inverted_mask_array;
    const bool inside = array_.allowed(sequence, query).contains(key) && by_array &&
                        is_inside(sequence, query, key);
    return inside != mistakes_.inverted_mask && forbidden == 0;
}

// Adds the numbers of the mask array, and says which keys may be attended.
void DenseComputation::find_allowed(const DenseCells& cells, std::size_t head, std::size_t query,
                                    double* scores, std::uint8_t* allowed) const {
    const std::size_t keys = cells.keys.size();
    const KeyRange range = array_.allowed(cells.sequence, query);
    std::vector<std::uint8_t> blocked(keys, 0);
    if (array_.blocks_cells()) {
        std::vector<double> added(scores, scores + keys);
        apply(array_, cells, head, query, added, blocked);
        for (std::size_t key = 0; key < keys; ++key) {
            if (!blocked[key]) scores[key] = added[key];
        }
    }
    for (std::size_t key = 0; key < keys; ++key) {
        const bool by_array = (blocked[key] == 0) != mistakes_.inverted_mask_array;
        const bool inside = range.contains(cells.keys[key]) && by_array &&
                            is_inside(cells.sequence, query, cells.keys[key]);
        allowed[key] = mistakes_.transposed_mask
                           ? may_attend(cells.sequence, head, cells.keys[key], query)
                           : inside != mistakes_.inverted_mask;
        if (mistakes_.masked_key == cells.keys[key]) allowed[key] = 0;
    }
}

}  // namespace attn::analysis
