// Deflate (RFC 1951) for pictures that are drawn: rows that repeat, runs of one colour. It looks
// for nothing else, which makes it many times as fast as a compressor for everything, and writes
// about as little. The same pixels always give the same stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace attn::render {

// Pixels as PNG stores them: rows from the top, each pixel of `samples` bytes.
struct PixelRows {
    const std::uint8_t* pixels = nullptr;
    std::size_t width = 0;
    std::size_t height = 0;
    std::size_t samples = 3;
};

// A zlib stream (RFC 1950) of the rows, each with filter 0 in front of it: the data of IDAT.
std::string deflated_rows(const PixelRows& rows);

}  // namespace attn::render
