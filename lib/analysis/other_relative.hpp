// T5's relative positions, sorted into buckets as another configuration does it.
#pragma once

#include <cstddef>

#include "attention/position_bias.hpp"

namespace attn::analysis {

// The same table of biases, with another distance from which all keys share a bucket. `heads`:
// those of the table.
RelativeBias<double> with_max_distance(const RelativeBias<double>& right, std::size_t heads,
                                       std::size_t max_distance);

}  // namespace attn::analysis
