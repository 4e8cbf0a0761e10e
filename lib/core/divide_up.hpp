// How many pieces of a size cover something.
#pragma once

#include <cstddef>

namespace attn {

constexpr std::size_t divide_up(std::size_t count, std::size_t by) {
    return (count + by - 1) / by;
}

}  // namespace attn
