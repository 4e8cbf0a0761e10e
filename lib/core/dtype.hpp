// The number types that files hold, and the two that we compute in.
#pragma once

#include <cstddef>
#include <cstdint>
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

// IEEE 754 binary16 and bfloat16 bit patterns to float32; exact.
float float_from_half(std::uint16_t bits);
float float_from_bfloat16(std::uint16_t bits);

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
