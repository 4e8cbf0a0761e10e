#include "render/png.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/deflate.hpp"
#include "core/error.hpp"

namespace {

// stb_image_write calls this for the pixels and frees the result.
unsigned char* compress(unsigned char* data, int size, int* compressed_size, int /*quality*/) {
    const std::string stream =
        attn::deflated({reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)});
    auto* result = static_cast<unsigned char*>(std::malloc(stream.size()));
    if (result == nullptr) return nullptr;
    std::memcpy(result, stream.data(), stream.size());
    *compressed_size = static_cast<int>(stream.size());
    return result;
}

}  // namespace

#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBIW_ZLIB_COMPRESS compress
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

namespace attn::render {
namespace {

constexpr std::size_t kHeaderEnd =
    8 + 4 + 4 + 13 + 4;  // signature and IHDR, which has a fixed size

std::string big_endian(std::uint32_t number) {
    std::string bytes;
    for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(number >> shift & 0xFF);
    return bytes;
}

std::string chunk(const std::string& type, const std::string& data) {
    const std::string body = type + data;
    const std::uint32_t checksum = libdeflate_crc32(0, body.data(), body.size());
    return big_endian(static_cast<std::uint32_t>(data.size())) + body + big_endian(checksum);
}

// tEXt where ASCII says it, else iTXt, which is UTF-8: with no compression, language or
// translation.
std::string text_chunk(const std::string& keyword, const std::string& text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) >= 0x80)
            return chunk("iTXt", keyword + std::string(5, '\0') + text);
    }
    return chunk("tEXt", keyword + '\0' + text);
}

std::string with_extras(std::string png, const PngExtras& extras) {
    std::string chunks;
    if (extras.dots_per_inch > 0) {
        const auto per_meter =
            static_cast<std::uint32_t>(std::lround(extras.dots_per_inch / 0.0254));
        chunks += chunk("pHYs", big_endian(per_meter) + big_endian(per_meter) + '\1');
    }
    for (const auto& [keyword, text] : extras.facts) chunks += text_chunk(keyword, text);
    return png.insert(kHeaderEnd, chunks);
}

// `samples`: 3 for RGB, 4 for RGBA.
std::string encode(const std::uint8_t* pixels, std::size_t width, std::size_t height, int samples) {
    // Filter 0 for every row: the others turn runs of equal pixels into noise. Set once, because
    // the switch is global and pictures are encoded by many threads.
    static const bool filter_chosen = [] {
        stbi_write_force_png_filter = 0;
        return true;
    }();
    (void)filter_chosen;

    const auto columns = static_cast<int>(width);
    int size = 0;
    unsigned char* bytes = stbi_write_png_to_mem(pixels, columns * samples, columns,
                                                 static_cast<int>(height), samples, &size);
    if (bytes == nullptr) fail("out of memory for a picture of ", width, " x ", height, " pixels");
    std::string png(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    std::free(bytes);
    return png;
}

}  // namespace

std::string encode_png(const Image& image, const PngExtras& extras) {
    return with_extras(encode(image.pixels(), image.width(), image.height(), 3), extras);
}

std::string encode_transparent_png(const Image& on_white, const Image& on_black,
                                   const PngExtras& extras) {
    assert(on_white.width() == on_black.width() && on_white.height() == on_black.height());
    const std::size_t count = on_white.width() * on_white.height();
    std::vector<std::uint8_t> pixels(count * 4);
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint8_t* white = on_white.pixels() + i * 3;
        const std::uint8_t* black = on_black.pixels() + i * 3;
        // What of the paper shines through is what differs. A sum of three keeps rounding small.
        int paper = 0;
        for (int sample = 0; sample < 3; ++sample) paper += white[sample] - black[sample];
        const int opacity = 255 - std::clamp((paper + 1) / 3, 0, 255);
        for (std::size_t sample = 0; sample < 3 && opacity > 0; ++sample) {
            pixels[i * 4 + sample] = static_cast<std::uint8_t>(
                std::min(255, (black[sample] * 255 + opacity / 2) / opacity));
        }
        pixels[i * 4 + 3] = static_cast<std::uint8_t>(opacity);
    }
    return with_extras(encode(pixels.data(), on_white.width(), on_white.height(), 4), extras);
}

}  // namespace attn::render
