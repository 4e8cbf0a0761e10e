// Bytes made shorter and back: zlib streams (RFC 1950), as PNG, browsers and everybody else read
// them. The same bytes always give the same stream.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace attn {

// Throws Error when there is no memory for it.
std::string deflated(std::string_view bytes);

// The `size` bytes that `stream` stands for. Throws Error for a stream that is broken or stands for
// another number of bytes.
std::string inflated(std::string_view stream, std::size_t size);

}  // namespace attn
