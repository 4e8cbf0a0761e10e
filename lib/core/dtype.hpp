// The number types that files hold, and the two that we compute in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace attn {

enum class DType {
    float16,
    bfloat16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
    boolean,
};

// Bytes of one value.
std::size_t size_of(DType dtype);

// The name that NumPy and PyTorch users know: "float32", "bool".
std::string to_string(DType dtype);

// The float32 of a bit pattern, and the other way round.
inline float float_of_bits(std::uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}
inline std::uint32_t bits_of_float(float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

// IEEE 754 binary16 and bfloat16 bit patterns to float32; exact. Here in the header, and with masks
// in place of branches, so that loops over them use vector instructions.
inline float float_from_half(std::uint16_t bits) {
    constexpr std::uint32_t kRebias = (127 - 15) << 23;
    constexpr std::uint32_t kHalf = 126U << 23;  // 0.5
    const std::uint32_t magnitude = bits & 0x7fffU;
    const std::uint32_t is_subnormal = 0U - static_cast<std::uint32_t>(magnitude < 0x0400U);
    const std::uint32_t is_special = 0U - static_cast<std::uint32_t>(magnitude >= 0x7c00U);
    // Infinity and NaN have the top exponent here and there.
    const std::uint32_t normal = (magnitude << 13) + kRebias + (kRebias & is_special);
    // 0.5 + fraction * 2^-24 has the fraction as its last bits.
    const std::uint32_t subnormal = bits_of_float(float_of_bits(kHalf | magnitude) - 0.5F);
    const std::uint32_t value = (normal & ~is_subnormal) | (subnormal & is_subnormal);
    return float_of_bits(value | (bits & 0x8000U) << 16);
}
inline float float_from_bfloat16(std::uint16_t bits) {
    return float_of_bits(static_cast<std::uint32_t>(bits) << 16);
}

// The dtype that a C++ type is stored as.
template <class T>
constexpr DType dtype_of();
template <>
constexpr DType dtype_of<float>() {
    return DType::float32;
}
template <>
constexpr DType dtype_of<double>() {
    return DType::float64;
}

}  // namespace attn
