#include "render/png.hpp"

#include <libdeflate.h>

#include <cstdlib>
#include <memory>

#include "core/error.hpp"

namespace {

struct CompressorDeleter {
    void operator()(libdeflate_compressor* compressor) const {
        libdeflate_free_compressor(compressor);
    }
};

// stb_image_write calls this for the pixels and frees the result.
unsigned char* compress(unsigned char* data, int size, int* compressed_size, int /*quality*/) {
    // Heatmaps are runs of equal pixels: level 1 finds them as well as level 9.
    constexpr int kLevel = 1;
    thread_local const std::unique_ptr<libdeflate_compressor, CompressorDeleter> compressor(
        libdeflate_alloc_compressor(kLevel));
    if (!compressor) return nullptr;
    const auto length = static_cast<std::size_t>(size);
    const std::size_t bound = libdeflate_zlib_compress_bound(compressor.get(), length);
    auto* result = static_cast<unsigned char*>(std::malloc(bound));
    if (result == nullptr) return nullptr;
    *compressed_size =
        static_cast<int>(libdeflate_zlib_compress(compressor.get(), data, length, result, bound));
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

std::string encode_png(const Image& image) {
    // Filter 0 for every row: the others turn runs of equal pixels into noise. Set once, because
    // the switch is global and pictures are encoded by many threads.
    static const bool filter_chosen = [] {
        stbi_write_force_png_filter = 0;
        return true;
    }();
    (void)filter_chosen;

    int size = 0;
    const auto width = static_cast<int>(image.width());
    const auto height = static_cast<int>(image.height());
    unsigned char* bytes =
        stbi_write_png_to_mem(image.pixels(), width * 3, width, height, 3, &size);
    if (bytes == nullptr) fail("out of memory for a picture of ", width, " x ", height, " pixels");
    std::string png(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    std::free(bytes);
    return png;
}

}  // namespace attn::render
