// Rounding to formats with fewer bits, such as float16, bfloat16 and the 8-bit floats.
#pragma once

#include <algorithm>
#include <cmath>

namespace attn {

// The distance of neighbours around a number in a format with so many bits of fraction, whose
// smallest normal number is 2^least. Of 0 that of the smallest numbers.
inline double significand_step(double value, int fraction_bits, int least) {
    const int exponent = value == 0 ? least : std::max(least, std::ilogb(value));
    return std::ldexp(1.0, exponent - fraction_bits);
}

// The nearest multiple of a power of two; of two that are as near the even one. The value is below
// 2^51 steps.
inline double round_to_multiple(double value, double step) {
    // Adding so large a number leaves no room for what is below one step.
    const double large = 0x1.8p52 * step;
    return (value + large) - large;
}

}  // namespace attn
