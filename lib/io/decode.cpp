#include "io/decode.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace attn::io {
namespace {

// Tags for types that C++17 has none for.
struct Half {
    std::uint16_t bits;
};
struct Bfloat16 {
    std::uint16_t bits;
};
struct Boolean {
    std::uint8_t byte;
};

template <class T>
T number(Half value) {
    return static_cast<T>(float_from_half(value.bits));
}
template <class T>
T number(Bfloat16 value) {
    return static_cast<T>(float_from_bfloat16(value.bits));
}
template <class T>
T number(Boolean value) {
    return value.byte != 0 ? T{1} : T{0};
}
template <class T, class Stored>
T number(Stored value) {
    return static_cast<T>(value);
}

template <class Stored>
Stored read_value(const std::byte* from) {
    Stored value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

template <class Stored>
Stored read_swapped(const std::byte* from) {
    std::byte raw[sizeof(Stored)];
    std::reverse_copy(from, from + sizeof raw, raw);
    return read_value<Stored>(raw);
}

// Two plain loops: the compiler turns the first one into vector instructions.
template <class Stored, class T>
void decode_as(bool swapped_bytes, const std::byte* __restrict from, std::size_t count,
               T* __restrict to) {
    if (!swapped_bytes) {
        for (std::size_t i = 0; i < count; ++i)
            to[i] = number<T>(read_value<Stored>(from + i * sizeof(Stored)));
    } else {
        for (std::size_t i = 0; i < count; ++i)
            to[i] = number<T>(read_swapped<Stored>(from + i * sizeof(Stored)));
    }
}

}  // namespace

template <class T>
void decode(DType dtype, bool swapped_bytes, const std::byte* from, std::size_t count, T* to) {
    switch (dtype) {
        case DType::float16:
            return decode_as<Half>(swapped_bytes, from, count, to);
        case DType::bfloat16:
            return decode_as<Bfloat16>(swapped_bytes, from, count, to);
        case DType::float32:
            return decode_as<float>(swapped_bytes, from, count, to);
        case DType::float64:
            return decode_as<double>(swapped_bytes, from, count, to);
        case DType::int8:
            return decode_as<std::int8_t>(swapped_bytes, from, count, to);
        case DType::int16:
            return decode_as<std::int16_t>(swapped_bytes, from, count, to);
        case DType::int32:
            return decode_as<std::int32_t>(swapped_bytes, from, count, to);
        case DType::int64:
            return decode_as<std::int64_t>(swapped_bytes, from, count, to);
        case DType::uint8:
            return decode_as<std::uint8_t>(swapped_bytes, from, count, to);
        case DType::uint16:
            return decode_as<std::uint16_t>(swapped_bytes, from, count, to);
        case DType::uint32:
            return decode_as<std::uint32_t>(swapped_bytes, from, count, to);
        case DType::uint64:
            return decode_as<std::uint64_t>(swapped_bytes, from, count, to);
        case DType::boolean:
            return decode_as<Boolean>(swapped_bytes, from, count, to);
    }
}

template void decode(DType, bool, const std::byte*, std::size_t, float*);
template void decode(DType, bool, const std::byte*, std::size_t, double*);

}  // namespace attn::io
