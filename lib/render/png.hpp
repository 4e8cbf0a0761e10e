// Pictures as PNG bytes.
#pragma once

#include <string>

#include "render/image.hpp"

namespace attn::render {

// 8-bit RGB; the same picture gives the same bytes. Threads may call it at once.
std::string encode_png(const Image& image);

}  // namespace attn::render
