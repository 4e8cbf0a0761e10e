// Whether the rows of a rollout differ: a number that says when the picture means nothing.
#pragma once

#include <optional>

#include "core/span.hpp"

namespace attn::analysis {

// The mean over rows of the Jensen-Shannon divergence between the row, divided by its sum, and the
// mean of those rows, divided by ln 2: 0 where all rows are alike. Rows without weight do not
// count; nothing with fewer than two. T is float or double.
template <class T>
std::optional<double> specificity(MatrixView<const T> rows);

}  // namespace attn::analysis
