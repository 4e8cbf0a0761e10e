// Pictures read back from their PNG bytes.
#pragma once

#include <stb/stb_image.h>

#include <stdexcept>
#include <string>

#include "render/image.hpp"

namespace attn::test {

inline render::Image decode_png(const std::string& bytes) {
    int width = 0, height = 0, channels = 0;
    unsigned char* pixels =
        stbi_load_from_memory(reinterpret_cast<const unsigned char*>(bytes.data()),
                              static_cast<int>(bytes.size()), &width, &height, &channels, 3);
    if (pixels == nullptr) throw std::runtime_error("not a picture");
    render::Image image(static_cast<std::size_t>(width), static_cast<std::size_t>(height), {});
    for (std::size_t y = 0; y < image.height(); ++y) {
        for (std::size_t x = 0; x < image.width(); ++x) {
            const unsigned char* p = pixels + (y * image.width() + x) * 3;
            image.set(x, y, {p[0], p[1], p[2]});
        }
    }
    stbi_image_free(pixels);
    return image;
}

}  // namespace attn::test
