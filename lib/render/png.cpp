#include "render/png.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/deflate.hpp"
#include "core/error.hpp"
#include "render/picture_deflate.hpp"

namespace attn::render {
namespace {

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

std::string extra_chunks(const PngExtras& extras) {
    std::string chunks;
    if (extras.dots_per_inch > 0) {
        const auto per_meter =
            static_cast<std::uint32_t>(std::lround(extras.dots_per_inch / 0.0254));
        chunks += chunk("pHYs", big_endian(per_meter) + big_endian(per_meter) + '\1');
    }
    for (const auto& [keyword, text] : extras.facts) chunks += text_chunk(keyword, text);
    return chunks;
}

// Each row with filter 0 in front: the others turn runs of equal pixels into noise.
std::string filtered(const PixelRows& rows) {
    const std::size_t row_bytes = rows.width * rows.samples;
    std::string bytes;
    bytes.reserve((row_bytes + 1) * rows.height);
    for (std::size_t y = 0; y < rows.height; ++y) {
        bytes += '\0';
        bytes.append(reinterpret_cast<const char*>(rows.pixels + y * row_bytes), row_bytes);
    }
    return bytes;
}

// Where rows and runs do not repeat (a photograph, a pixel a cell), a compressor for everything may
// find more.
std::string compressed(const PixelRows& rows) {
    constexpr std::size_t kDrawn = 6;  // times as short
    std::string stream = deflated_rows(rows);
    if (stream.size() <= rows.width * rows.samples * rows.height / kDrawn) return stream;
    std::string other = deflated(filtered(rows));
    return other.size() < stream.size() ? other : stream;
}

// `samples`: 3 for RGB, 4 for RGBA.
std::string encode(const PixelRows& rows, const PngExtras& extras) {
    constexpr char kDepth = 8, kColour = 2, kColourWithOpacity = 6;
    std::string header = big_endian(static_cast<std::uint32_t>(rows.width)) +
                         big_endian(static_cast<std::uint32_t>(rows.height)) + kDepth;
    header += rows.samples == 4 ? kColourWithOpacity : kColour;
    header += std::string(3, '\0');  // the one compression, filtering and no interlacing
    std::string stream = compressed(rows);
    if (stream.size() > std::numeric_limits<std::int32_t>::max())
        fail("a picture of ", rows.width, " x ", rows.height, " pixels is too large for PNG");
    return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + extra_chunks(extras) +
           chunk("IDAT", stream) + chunk("IEND", "");
}

}  // namespace

std::string encode_png(const Image& image, const PngExtras& extras) {
    return encode({image.pixels(), image.width(), image.height(), 3}, extras);
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
    return encode({pixels.data(), on_white.width(), on_white.height(), 4}, extras);
}

}  // namespace attn::render
