#include "render/png.hpp"

#include <isa-l/igzip_lib.h>

#include <cstdlib>
#include <vector>

#include "core/error.hpp"

namespace {

// stb_image_write calls this for the pixels and frees the result. ISA-L's level 1 writes heatmaps
// smaller than libdeflate's, in a tenth of its time.
unsigned char* compress(unsigned char* data, int size, int* compressed_size, int /*quality*/) {
    // Both start as zeros: ISA-L sets up neither, finds the last picture's traces in them, and
    // would write other bytes for the same pixels.
    std::vector<std::uint8_t> workspace(ISAL_DEF_LVL1_DEFAULT);
    isal_zstream stream{};
    // What cannot be compressed is stored, with a few bytes more for each block of 64 KiB.
    const auto length = static_cast<std::uint32_t>(size);
    const std::uint32_t bound = length + length / 1024 + 1024;
    auto* result = static_cast<unsigned char*>(std::malloc(bound));
    if (result == nullptr) return nullptr;

    isal_deflate_stateless_init(&stream);
    stream.gzip_flag = IGZIP_ZLIB;
    stream.level = 1;
    stream.level_buf = workspace.data();
    stream.level_buf_size = static_cast<std::uint32_t>(workspace.size());
    stream.end_of_stream = 1;
    stream.next_in = data;
    stream.avail_in = length;
    stream.next_out = result;
    stream.avail_out = bound;
    if (isal_deflate_stateless(&stream) != COMP_OK) {
        std::free(result);
        return nullptr;
    }
    *compressed_size = static_cast<int>(stream.total_out);
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
