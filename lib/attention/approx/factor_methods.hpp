// The methods that work by factors of low rank: svd, linformer, nystrom, lowrank-scores,
// lowrank-values.
#pragma once

#include <vector>

#include "attention/approx/method.hpp"

namespace attn::approx {

// One row each, for the table of methods().
std::vector<MethodRow> factor_methods();

}  // namespace attn::approx
