#include "analysis/rounding.hpp"

#include <algorithm>
#include <cmath>

namespace attn::analysis {

const char* name_of(Rounding rounding) {
    switch (rounding) {
        case Rounding::float16:
            return "float16";
        case Rounding::bfloat16:
            return "bfloat16";
        case Rounding::none:
            break;
    }
    return "";
}

double round_to(Rounding rounding, double value) {
    if (rounding == Rounding::none || value == 0 || !std::isfinite(value)) return value;
    const int bits = rounding == Rounding::float16 ? 10 : 7;
    // The smallest float16 is 2^-24; what is below rounds to a multiple of it.
    const int floor = rounding == Rounding::float16 ? -24 : -133;
    const double step = std::ldexp(1.0, std::max(floor, std::ilogb(value) - bits));
    return std::nearbyint(value / step) * step;
}

}  // namespace attn::analysis
