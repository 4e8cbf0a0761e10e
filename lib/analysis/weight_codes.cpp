#include "analysis/weight_codes.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace attn::analysis {
namespace {

float steps(float value, float largest, float count) {
    return std::floor(count * std::sqrt(value / largest) + 0.5F);
}

std::uint32_t bits_of(float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

}  // namespace

std::uint8_t weight_code(float value, float largest) {
    if (!(value > 0)) return 0;
    return static_cast<std::uint8_t>(std::clamp(steps(value, largest, 255), 1.0F, 255.0F));
}

std::uint8_t difference_code(float value, float largest) {
    if (value == 0 || std::isnan(value)) return 128;
    const auto code =
        static_cast<int>(std::clamp(steps(std::abs(value), largest, 127), 1.0F, 127.0F));
    return static_cast<std::uint8_t>(value < 0 ? 128 - code : 128 + code);
}

template <class T>
void encode_row(Span<const T> values, float largest, bool signs, std::uint8_t* codes) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto value = static_cast<float>(values[i]);
        codes[i] = signs ? difference_code(value, largest) : weight_code(value, largest);
    }
}

template <class T>
std::optional<std::size_t> first_odd(Span<const T> values) {
    const auto is_odd = [](T value) { return !(value >= 0) || std::isinf(value); };
    bool any = false;
    for (const T value : values) any = any | is_odd(value);
    if (!any) return std::nullopt;
    return static_cast<std::size_t>(std::find_if(values.begin(), values.end(), is_odd) -
                                    values.begin());
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
template void write_planes(Span<const float>, std::size_t, char*);
template void write_planes(Span<const double>, std::size_t, char*);

}  // namespace attn::analysis
