// XXH3-128 (xxHash), to say in the manifest which bytes a result was made from. It finds what
// changed by mistake, at the speed of memory; against people who want two files to look alike there
// is SHA-256 (io/sha256).
#pragma once

#include <cstddef>
#include <string>

#include "core/span.hpp"

namespace attn::io {

// 32 hexadecimal digits, as xxh128sum prints them.
std::string xxh3(Span<const std::byte> bytes);

}  // namespace attn::io
