// Bytes as text (RFC 4648): four letters for three bytes, padded with =.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/divide_up.hpp"

namespace attn {

// How many letters so many bytes become.
constexpr std::size_t base64_size(std::size_t bytes) {
    return divide_up(bytes, 3) * 4;
}

std::string base64(std::string_view bytes);

// The same, at the end of `text`.
void append_base64(std::string_view bytes, std::string& text);

}  // namespace attn
