// Pictures as PNG bytes.
#pragma once

#include <string>

#include "render/image.hpp"
#include "render/picture_facts.hpp"

namespace attn::render {

// What a PNG holds besides the pixels.
struct PngExtras {
    double dots_per_inch = 0;  // 0: not said
    PictureFacts facts;
};

// 8-bit RGB; the same picture gives the same bytes. Threads may call it at once. Throws Error for
// pictures beyond 2 GiB.
std::string encode_png(const Image& image, const PngExtras& extras = {});

// 8-bit RGBA: the picture that looks as the first on white paper and as the second, of the same
// size, on black paper.
std::string encode_transparent_png(const Image& on_white, const Image& on_black,
                                   const PngExtras& extras = {});

}  // namespace attn::render
