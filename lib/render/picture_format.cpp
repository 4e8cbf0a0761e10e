#include "render/picture_format.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "render/pdf.hpp"
#include "render/png.hpp"
#include "render/svg.hpp"

namespace attn::render {
namespace {

std::string encode_pixels(const Figure& figure, const Font& font, const Print& print,
                          const PictureFacts& facts) {
    const auto dots = static_cast<double>(print.dots_per_inch);
    const double scale = dots / 100;
    const PngExtras extras{dots, facts};
    const Image on_white = rasterize(figure, font, scale);
    if (!print.transparent) return encode_png(on_white, extras);
    return encode_transparent_png(on_white, rasterize(figure, font, scale, {0, 0, 0}), extras);
}

}  // namespace

const std::vector<std::string>& picture_format_names() {
    static const std::vector<std::string> names{"png", "svg", "pdf"};
    return names;
}

std::string name_of(PictureFormat format) {
    return picture_format_names()[static_cast<std::size_t>(format)];
}

PictureFormat picture_format(const std::string& name) {
    const std::vector<std::string>& names = picture_format_names();
    const auto place = std::find(names.begin(), names.end(), name);
    if (place == names.end()) fail(name, ": is no format of pictures, expected png, svg or pdf");
    return static_cast<PictureFormat>(place - names.begin());
}

std::string encode(const Figure& figure, const Font& font, const Print& print,
                   const PictureFacts& facts) {
    if (print.format == PictureFormat::svg)
        return encode_svg(figure, font, !print.transparent, facts);
    if (print.format == PictureFormat::pdf)
        return encode_pdf(figure, font, !print.transparent, facts);
    return encode_pixels(figure, font, print, facts);
}

}  // namespace attn::render
