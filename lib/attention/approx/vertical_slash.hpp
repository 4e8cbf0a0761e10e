// Columns and diagonals that the last rows look at (MInference, Jiang et al. 2024), kept for all
// rows.
#pragma once

#include <memory>

#include "attention/approx/shapes.hpp"

namespace attn::approx {

// Sums of the exact weights of the last `observe` rows choose: the first `sinks` columns and the
// diagonals 0 … local - 1, then the largest, `verticals` columns and `slashes` diagonals in all.
// Options: verticals, slashes, observe, sinks, local.
std::unique_ptr<KeptKeys> vertical_slash(const Options& options, const HeadInput& head);

}  // namespace attn::approx
