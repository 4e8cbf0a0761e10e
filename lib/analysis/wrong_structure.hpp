// Who may attend as causality, window and lengths have it, with mistakes.
#pragma once

#include "analysis/dense_attention.hpp"

namespace attn::analysis {

// Lengths that mask other keys than those behind them are taken out: padding_allows() has them.
MaskStructure wrong_structure(const MaskStructure& right, const Mistakes& mistakes,
                              std::size_t queries, std::size_t keys);

// What the lengths of `right` say about one cell, where they are read in another way than as keys
// to the right; true where they are read so.
bool padding_allows(const MaskStructure& right, const Mistakes& mistakes, std::size_t sequence,
                    std::size_t query, std::size_t key, std::size_t keys);

// Whether the key is in the window of `right` where that is measured from the last key, or is the
// query's chunk; true where it is measured from the query.
bool window_allows(const MaskStructure& right, const Mistakes& mistakes, std::size_t sequence,
                   std::size_t query, std::size_t key, std::size_t keys);

}  // namespace attn::analysis
