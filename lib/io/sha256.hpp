// SHA-256 (FIPS 180-4), to say in the manifest which bytes a result was made from.
#pragma once

#include <cstddef>
#include <string>

#include "core/span.hpp"

namespace attn::io {

// 64 hexadecimal digits.
std::string sha256(Span<const std::byte> bytes);

}  // namespace attn::io
