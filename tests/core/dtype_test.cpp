#include "core/dtype.hpp"

#include <catch2/catch.hpp>
#include <cmath>

namespace {

// IEEE 754 as a formula, for any width of exponent and fraction.
double decode(unsigned bits, int exponent_bits, int fraction_bits) {
    const unsigned fraction = bits & ((1U << fraction_bits) - 1);
    const unsigned exponent = bits >> fraction_bits & ((1U << exponent_bits) - 1);
    const double sign = bits >> (exponent_bits + fraction_bits) & 1U ? -1 : 1;
    const int bias = (1 << (exponent_bits - 1)) - 1;
    const double part = fraction / std::pow(2.0, fraction_bits);
    if (exponent == (1U << exponent_bits) - 1)
        return fraction != 0 ? std::nan("") : sign * INFINITY;
    if (exponent == 0) return sign * part * std::pow(2.0, 1 - bias);
    return sign * (1 + part) * std::pow(2.0, static_cast<int>(exponent) - bias);
}

bool same(double a, double b) {
    return a == b || (std::isnan(a) && std::isnan(b));
}

}  // namespace

TEST_CASE("every float16 and bfloat16 pattern has the value of the standard") {
    unsigned wrong = 0;
    for (unsigned bits = 0; bits < 0x10000; ++bits) {
        const auto pattern = static_cast<std::uint16_t>(bits);
        if (!same(static_cast<double>(attn::float_from_half(pattern)), decode(bits, 5, 10)))
            ++wrong;
        if (!same(static_cast<double>(attn::float_from_bfloat16(pattern)), decode(bits, 8, 7)))
            ++wrong;
    }
    CHECK(wrong == 0);
}

TEST_CASE("dtypes have NumPy's names and sizes") {
    CHECK(attn::to_string(attn::DType::bfloat16) == "bfloat16");
    CHECK(attn::to_string(attn::DType::boolean) == "bool");
    CHECK(attn::size_of(attn::DType::float16) == 2);
    CHECK(attn::size_of(attn::DType::uint64) == 8);
}
