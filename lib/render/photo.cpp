#include "render/photo.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "core/error.hpp"

// Static, so that nobody else's copy of it is disturbed.
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_MAX_DIMENSIONS 16384
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

namespace attn::render {
namespace {

constexpr std::size_t kMostSide = STBI_MAX_DIMENSIONS;

std::uint8_t on_white(std::uint8_t value, std::uint8_t alpha) {
    return static_cast<std::uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

}  // namespace

Image decode_photo(Span<const std::byte> bytes, const std::string& name) {
    if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        fail(name, ": is larger than 2 GiB, which no photograph is");
    int width = 0, height = 0, channels = 0;
    const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
        stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(bytes.data()),
                              static_cast<int>(bytes.size()), &width, &height, &channels, 4),
        stbi_image_free);
    if (pixels == nullptr)
        fail(name, ": is no PNG or JPEG picture of at most ", kMostSide, " pixels a side (",
             stbi_failure_reason(), ")");
    Image image(static_cast<std::size_t>(width), static_cast<std::size_t>(height), {});
    const stbi_uc* pixel = pixels.get();
    for (std::size_t y = 0; y < image.height(); ++y) {
        std::uint8_t* to = image.row(y);
        for (std::size_t x = 0; x < image.width(); ++x, pixel += 4) {
            for (std::size_t i = 0; i < 3; ++i) *to++ = on_white(pixel[i], pixel[3]);
        }
    }
    return image;
}

Image resized(const Image& picture, std::size_t width, std::size_t height) {
    Image result(width, height, {});
    for (std::size_t y = 0; y < height; ++y) {
        const std::size_t top = y * picture.height() / height;
        const std::size_t bottom = std::max(top + 1, (y + 1) * picture.height() / height);
        for (std::size_t x = 0; x < width; ++x) {
            const std::size_t left = x * picture.width() / width;
            const std::size_t right = std::max(left + 1, (x + 1) * picture.width() / width);
            std::array<std::size_t, 3> sum{};
            for (std::size_t row = top; row < bottom; ++row) {
                const std::uint8_t* from = picture.row(row) + left * 3;
                for (std::size_t i = 0; i < (right - left) * 3; ++i) sum[i % 3] += from[i];
            }
            const std::size_t count = (bottom - top) * (right - left);
            std::uint8_t* to = result.row(y) + x * 3;
            for (std::size_t i = 0; i < 3; ++i)
                to[i] = static_cast<std::uint8_t>((sum[i] + count / 2) / count);
        }
    }
    return result;
}

}  // namespace attn::render
