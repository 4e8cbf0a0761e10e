// What is measured on one row of attention weights.
#pragma once

#include <vector>

#include "analysis/patch_grid.hpp"
#include "analysis/token_patterns.hpp"
#include "attention/tile.hpp"
#include "kernels/kernels.hpp"

namespace attn::analysis {

// How often weights fall on a pattern of cells.
struct PatternMass {
    double mass = 0;   // weights on its cells
    double cells = 0;  // number of its cells that count
};

struct RowStats {
    double keys = 0;  // that the row may attend; 0: everything else is meaningless
    double sum = 0;
    double entropy = 0;  // nats
    double largest = 0;
    double squares = 0;
    double keys_for_90 = 0;
    double distance = 0;  // NaN where the query has no place on the grid
    double diagonal = 0, previous = 0, next = 0, first = 0, last = 0;
    double counted = 0;  // sum of the weights that the patterns are measured on
    PatternMass previous_token, duplicate_token, induction;

    ScoreSums scores;  // of the scores that softmax saw, where they are known
};

struct RowOptions {
    const TokenPatterns* tokens = nullptr;  // of the keys; null: no patterns
    const PatchGrid* grid = nullptr;        // null: keys are a line
    bool exclude_first_key = false;         // patterns are measured without key 0
    bool exclude_self = false;              // … without the diagonal
};

// Row `row` of the tile; `position` is where its query stands among the keys, of which the layer
// has `keys`.
template <class T>
RowStats measure_row(const Tile<T>& tile, std::size_t row, std::ptrdiff_t position,
                     std::size_t keys, const RowOptions& options);

}  // namespace attn::analysis
