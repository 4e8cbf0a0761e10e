// Bytes of a file as characters.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/span.hpp"

namespace attn {

// Not copied: valid as long as the bytes.
inline std::string_view text_of(Span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace attn
