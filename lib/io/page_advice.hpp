// What the system is told about mapped files before they are read.
#pragma once

#include <cstddef>

#include "core/span.hpp"

namespace attn::io {

// These bytes of a mapped file are read soon: a disk that has to be asked for them is asked now,
// while others are computed with. Only advice, and it takes no memory of the process.
void expect_pages(Span<const std::byte> bytes);

}  // namespace attn::io
