// Whose values each key/value head took, told by an output: it is the sum of what every head makes
// of its own or of another's values, and least squares say which of them it holds.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "core/array.hpp"

namespace attn::analysis {

struct ValueParts {
    std::size_t heads = 0;  // key/value heads
    // What a place makes of a head's values: [heads * heads], the place first, of [cells].
    std::vector<std::vector<double>> parts;
    std::vector<double> seen;  // [cells], what the right parts would add up to
};

// The head whose values stand in each place; nothing where they are not one each.
std::optional<std::vector<std::size_t>> match_values(const ValueParts& parts);

// Every so many of some numbers, so that about `most` are left.
std::vector<std::size_t> thin_out(std::size_t numbers, std::size_t most);

}  // namespace attn::analysis
