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

double step_of(Rounding rounding, double value) {
    if (rounding == Rounding::none || !std::isfinite(value)) return 0;
    const int bits = rounding == Rounding::float16 ? 10 : 7;
    // The smallest float16 is 2^-24; what is below rounds to a multiple of it.
    const int floor = rounding == Rounding::float16 ? -24 : -133;
    const int exponent = value == 0 ? floor : std::ilogb(value) - bits;
    return std::ldexp(1.0, std::max(floor, exponent));
}

double round_to(Rounding rounding, double value) {
    const double step = step_of(rounding, value);
    if (step == 0 || value == 0) return value;
    // Adding so large a number leaves no room for what is below one step.
    const double large = 0x1.8p52 * step;
    return (value + large) - large;
}

}  // namespace attn::analysis
