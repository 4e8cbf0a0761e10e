// Weights as single bytes: their square root in 255 steps of that of the largest, so that a byte
// says a weight to 0.4 % near the largest and to 4 % at a hundredth of it. And float32 as four
// planes of bytes, which compress better.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/span.hpp"

namespace attn::analysis {

// round(255 sqrt(value / largest)); 0 only for 0 (and for what is below it), at most 255.
std::uint8_t weight_code(float value, float largest);

// 128 + sign round(127 sqrt(|value| / largest)); 128 only for 0.
std::uint8_t difference_code(float value, float largest);

// Those of a row, or with `signs` of a row of differences. T is float or double.
template <class T>
void encode_row(Span<const T> values, float largest, bool signs, std::uint8_t* codes);

// The first value that is no weight: below zero, infinite, not a number.
template <class T>
std::optional<std::size_t> first_odd(Span<const T> values);

// From the first value of a row that is not 0 to behind the last; both 0 where there is none.
struct NonZeros {
    std::size_t begin = 0;
    std::size_t end = 0;
};
template <class T>
NonZeros non_zeros(Span<const T> values);

// The weights that code `code` stands for.
struct CodeInterval {
    double low = 0;
    double high = 0;
};
CodeInterval weights_of_code(std::uint8_t code, double largest);

// Byte 3 (sign and exponent) of all values, then byte 2, 1 and 0.
std::string byte_planes(Span<const float> values);

// A part of them: the planes are `stride` bytes apart, `planes` is where the first value goes.
template <class T>
void write_planes(Span<const T> values, std::size_t stride, char* planes);

// Numbers of 16 or 32 bits, little-endian.
std::string little_endian(Span<const std::uint32_t> values, bool wide);

}  // namespace attn::analysis
