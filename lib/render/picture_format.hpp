// The formats in which pictures are written, and the step from a figure to the bytes of one.
#pragma once

#include <string>
#include <vector>

#include "render/figure.hpp"
#include "render/picture_facts.hpp"

namespace attn::render {

enum class PictureFormat { png, svg, pdf };

// "png", "svg", "pdf"
std::string name_of(PictureFormat format);

// All of them, by name.
const std::vector<std::string>& picture_format_names();

// Throws Error for a name that is none.
PictureFormat picture_format(const std::string& name);

// How a figure becomes a file.
struct Print {
    PictureFormat format = PictureFormat::png;
    std::size_t dots_per_inch = 100;  // of PNG; the others have no dots
    bool transparent = false;         // nothing is painted behind the figure
};

// The bytes of the file. Throws Error for figures that are too large for the format.
std::string encode(const Figure& figure, const Font& font, const Print& print,
                   const PictureFacts& facts);

}  // namespace attn::render
