#include "analysis/weight_codes.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace attn::analysis {
namespace {

// round(count sqrt(value / largest)) of a positive value, from 1 to count. Without a branch or a
// call, so that compilers make vectors of loops over it (see the flags of this file).
int steps(float value, float largest, int count) {
    const auto most = static_cast<float>(count);
    const float exact = most * std::sqrt(value / largest) + 0.5F;
    return std::max(1, static_cast<int>(exact < most ? exact : most));
}

std::uint32_t bits_of(float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

}  // namespace

std::uint8_t weight_code(float value, float largest) {
    return static_cast<std::uint8_t>(value > 0 ? steps(value, largest, 255) : 0);
}

std::uint8_t difference_code(float value, float largest) {
    const int code = steps(std::abs(value), largest, 127);
    return static_cast<std::uint8_t>(128 + (value > 0 ? code : value < 0 ? -code : 0));
}

template <class T>
void encode_row(Span<const T> values, float largest, bool signs, std::uint8_t* codes) {
    const T* const value = values.data();
    if (signs) {
        for (std::size_t i = 0; i < values.size(); ++i)
            codes[i] = difference_code(static_cast<float>(value[i]), largest);
    } else {
        for (std::size_t i = 0; i < values.size(); ++i)
            codes[i] = weight_code(static_cast<float>(value[i]), largest);
    }
}

template <class T>
std::optional<std::size_t> first_odd(Span<const T> values) {
    constexpr T kMost = std::numeric_limits<T>::max();
    const auto is_odd = [](T value) { return !((value >= 0) & (value <= kMost)); };
    int any = 0;
    for (const T value : values) any |= is_odd(value);
    if (any == 0) return std::nullopt;
    return static_cast<std::size_t>(std::find_if(values.begin(), values.end(), is_odd) -
                                    values.begin());
}

template <class T>
NonZeros non_zeros(Span<const T> values) {
    constexpr std::size_t kTogether = 32;
    const auto any_in = [&](std::size_t begin, std::size_t end) {
        int any = 0;
        for (std::size_t i = begin; i < end; ++i) any |= values.data()[i] != 0;
        return any != 0;
    };
    std::size_t begin = 0, end = values.size();
    while (end - begin >= kTogether && !any_in(begin, begin + kTogether)) begin += kTogether;
    while (begin < end && values[begin] == 0) ++begin;
    while (end - begin >= kTogether && !any_in(end - kTogether, end)) end -= kTogether;
    while (begin < end && values[end - 1] == 0) --end;
    return begin == end ? NonZeros{} : NonZeros{begin, end};
}

CodeInterval weights_of_code(std::uint8_t code, double largest) {
    if (code == 0) return {0, 0};
    const auto at = [&](double step) { return largest * (step / 255) * (step / 255); };
    return {code == 1 ? 0 : at(code - 0.5), code == 255 ? largest : at(code + 0.5)};
}

std::string byte_planes(Span<const float> values) {
    std::string planes(4 * values.size(), '\0');
    write_planes(values, values.size(), planes.data());
    return planes;
}

template <class T>
void write_planes(Span<const T> values, std::size_t stride, char* planes) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::uint32_t bits = bits_of(static_cast<float>(values[i]));
        for (std::size_t plane = 0; plane < 4; ++plane)
            planes[plane * stride + i] = static_cast<char>(bits >> (24 - 8 * plane) & 0xff);
    }
}

std::string little_endian(Span<const std::uint32_t> values, bool wide) {
    std::string bytes;
    bytes.reserve(values.size() * (wide ? 4 : 2));
    for (const std::uint32_t value : values) {
        for (unsigned byte = 0; byte < (wide ? 4U : 2U); ++byte)
            bytes += static_cast<char>(value >> 8 * byte & 0xff);
    }
    return bytes;
}

template void encode_row(Span<const float>, float, bool, std::uint8_t*);
template void encode_row(Span<const double>, float, bool, std::uint8_t*);
template std::optional<std::size_t> first_odd(Span<const float>);
template std::optional<std::size_t> first_odd(Span<const double>);
template NonZeros non_zeros(Span<const float>);
template NonZeros non_zeros(Span<const double>);
template void write_planes(Span<const float>, std::size_t, char*);
template void write_planes(Span<const double>, std::size_t, char*);

}  // namespace attn::analysis
