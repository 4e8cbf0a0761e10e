// Where a number stands among those that were chosen.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace attn {

// The first place that has it; where none does, as many as there are.
inline std::size_t place_among(const std::vector<std::size_t>& numbers, std::size_t number) {
    return static_cast<std::size_t>(std::find(numbers.begin(), numbers.end(), number) -
                                    numbers.begin());
}

}  // namespace attn
