// The methods that work by other inputs in fewer bits or with fewer weights: quant and its presets,
// prune-weights, quant-weights.
#pragma once

#include <vector>

#include "attention/approx/method.hpp"

namespace attn::approx {

// One row each, for the table of methods().
std::vector<MethodRow> quantiser_methods();

}  // namespace attn::approx
