#include "pipeline/report_image.hpp"

#include "core/error.hpp"
#include "core/human_size.hpp"
#include "core/text_of.hpp"
#include "io/file_bytes.hpp"
#include "render/photo.hpp"

namespace attn::pipeline {
namespace {

constexpr std::size_t kLargestImage = 4'000'000;

}  // namespace

EmbeddedImage load_report_image(const std::string& path, const analysis::PatchGrid& grid) {
    const io::FileBytes file = io::map_file(path);
    EmbeddedImage image{std::string(text_of(file.bytes)), {}};
    const bool png = image.bytes.compare(0, 8, "\x89PNG\r\n\x1a\n") == 0;
    if (!png && image.bytes.compare(0, 3, "\xff\xd8\xff") != 0)
        fail("--image ", path, ": expected a PNG or JPEG file");
    if (image.bytes.size() > kLargestImage)
        fail("--image ", path, ": has ", human_size(image.bytes.size()), ", expected at most ",
             human_size(kLargestImage));
    const render::Image picture = render::decode_photo(file.bytes, path);
    if (picture.width() < grid.columns() || picture.height() < grid.rows())
        fail("--image ", path, ": has ", picture.width(), " x ", picture.height(),
             " pixels, fewer than the ", grid.columns(), " x ", grid.rows(), " patches of --grid");
    image.facts = {png ? "image/png" : "image/jpeg", picture.width(), picture.height()};
    return image;
}

}  // namespace attn::pipeline
