// The methods that choose whole blocks, columns, diagonals or what a cache keeps: bigbird, quest,
// block-topk, vertical-slash, evict.
#pragma once

#include <vector>

#include "attention/approx/method.hpp"

namespace attn::approx {

// One row each, for the table of methods().
std::vector<MethodRow> choice_methods();

}  // namespace attn::approx
