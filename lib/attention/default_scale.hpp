// What scores are multiplied with where nobody says otherwise. The one place that says so.
#pragma once

#include <cmath>
#include <cstddef>

namespace attn {

// 1 / sqrt(d_head) (Vaswani et al. 2017, section 3.2.1).
inline double default_scale(std::size_t d_head) {
    return 1 / std::sqrt(static_cast<double>(d_head));
}

}  // namespace attn
