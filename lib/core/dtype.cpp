#include "core/dtype.hpp"

#include <cmath>
#include <cstring>
#include <limits>

namespace attn {

std::size_t size_of(DType dtype) {
    switch (dtype) {
        case DType::int8:
        case DType::uint8:
        case DType::boolean:
            return 1;
        case DType::float16:
        case DType::bfloat16:
        case DType::int16:
        case DType::uint16:
            return 2;
        case DType::float32:
        case DType::int32:
        case DType::uint32:
            return 4;
        case DType::float64:
        case DType::int64:
        case DType::uint64:
            return 8;
    }
    return 0;
}

std::string to_string(DType dtype) {
    switch (dtype) {
        case DType::float16:
            return "float16";
        case DType::bfloat16:
            return "bfloat16";
        case DType::float32:
            return "float32";
        case DType::float64:
            return "float64";
        case DType::int8:
            return "int8";
        case DType::int16:
            return "int16";
        case DType::int32:
            return "int32";
        case DType::int64:
            return "int64";
        case DType::uint8:
            return "uint8";
        case DType::uint16:
            return "uint16";
        case DType::uint32:
            return "uint32";
        case DType::uint64:
            return "uint64";
        case DType::boolean:
            return "bool";
    }
    return "";
}

float float_from_half(std::uint16_t bits) {
    const int exponent = (bits >> 10) & 0x1f;
    const int fraction = bits & 0x3ff;
    float magnitude;
    if (exponent == 0) {
        magnitude = std::ldexp(static_cast<float>(fraction), -24);
    } else if (exponent == 0x1f) {
        magnitude = fraction == 0 ? std::numeric_limits<float>::infinity()
                                  : std::numeric_limits<float>::quiet_NaN();
    } else {
        magnitude = std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
    }
    return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

float float_from_bfloat16(std::uint16_t bits) {
    const std::uint32_t wide = static_cast<std::uint32_t>(bits) << 16;
    float value;
    std::memcpy(&value, &wide, sizeof value);
    return value;
}

}  // namespace attn
