#include "core/deflate.hpp"

#include <libdeflate.h>

#include <memory>

#include "core/error.hpp"

namespace attn {
namespace {

// ISA-L is eight times as fast, but what it writes depends on where its memory lies: the same
// bytes, other streams. Level 3 takes libdeflate no longer than level 1 and writes less.
constexpr int kLevel = 3;

}  // namespace

std::string deflated(std::string_view bytes) {
    const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
        libdeflate_alloc_compressor(kLevel), &libdeflate_free_compressor);
    if (compressor == nullptr) fail("out of memory for ", bytes.size(), " bytes to compress");
    // Not a string of that size, which would be filled first and keep what is not needed.
    const std::size_t bound = libdeflate_zlib_compress_bound(compressor.get(), bytes.size());
    const std::unique_ptr<char[]> stream(new char[bound]);
    return {stream.get(), libdeflate_zlib_compress(compressor.get(), bytes.data(), bytes.size(),
                                                   stream.get(), bound)};
}

std::string inflated(std::string_view stream, std::size_t size) {
    const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)>
        decompressor(libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
    if (decompressor == nullptr) fail("out of memory for ", size, " bytes to expand");
    std::string bytes(size, '\0');
    if (libdeflate_zlib_decompress(decompressor.get(), stream.data(), stream.size(), bytes.data(),
                                   size, nullptr) != LIBDEFLATE_SUCCESS)
        fail("a compressed stream of ", stream.size(), " bytes is broken, or holds other than ",
             size, " bytes");
    return bytes;
}

}  // namespace attn
