// Contexts of heads that several ranks streamed go to those that multiply them by W_O, and to no
// others: of M methods on p ranks each receives M / p arrays and the exact one, not M + 1.
#pragma once

#include <vector>

#include "analysis/output_squares.hpp"
#include "attention/tile.hpp"

namespace attn::analysis {

// Both [sequences, queries, heads * d_value], with rows of heads of this rank; `differences` of
// each method, some of them empty. Fills in what this rank owns, and all of the exact contexts
// where `exact_to_all`. Nothing where there are no contexts or the layer is not divided.
template <class T>
void deal_contexts(const Division& division, const LayerShape& shape, const ProductOwners& owners,
                   bool exact_to_all, std::vector<T>& exact,
                   std::vector<std::vector<T>>& differences);

}  // namespace attn::analysis
