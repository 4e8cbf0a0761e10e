// A number for each head of a model: a budget, how much it means.
#pragma once

#include <array>
#include <cstddef>
#include <map>

namespace attn::analysis {

// By layer, sequence, head.
using HeadNumbers = std::map<std::array<std::size_t, 3>, double>;

}  // namespace attn::analysis
