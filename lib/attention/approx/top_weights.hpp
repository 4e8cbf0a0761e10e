// Selections that look at the exact weights of a row, or of a head: floors for what any sparse
// method can reach.
#pragma once

#include <memory>
#include <vector>

#include "attention/approx/shapes.hpp"

namespace attn::approx {

// The k largest weights of each row; of equal ones those of lower keys (Gupta et al. 2021).
std::unique_ptr<KeptKeys> top_k(const Options& options, const HeadInput& head);

// The fewest largest weights of each row that sum to p of its sum (FlexPrefill, Twilight 2025).
std::unique_ptr<KeptKeys> top_p(const Options& options, const HeadInput& head);

// The weights of at least t times the largest of the row.
std::unique_ptr<KeptKeys> above_threshold(const Options& options, const HeadInput& head);

// The ⌊share * cells⌋ largest cells of the whole head; of equal ones the first in row order.
std::unique_ptr<KeptKeys> largest_of_head(const Options& options, const HeadInput& head);

}  // namespace attn::approx
