// Photographs that somebody gives us, as pictures in memory.
#pragma once

#include <cstddef>
#include <string>

#include "core/span.hpp"
#include "render/image.hpp"

namespace attn::render {

// A PNG or JPEG file in memory; transparency is laid on white. Throws Error with `name` for
// anything else, for damaged files and for pictures of more than 16384 pixels a side.
Image decode_photo(Span<const std::byte> bytes, const std::string& name);

// The picture in another size; each new pixel is the mean of what it covers, or the nearest.
Image resized(const Image& picture, std::size_t width, std::size_t height);

}  // namespace attn::render
