// A figure as SVG: texts stay texts, cells are one embedded picture.
#pragma once

#include <string>

#include "render/figure.hpp"
#include "render/picture_facts.hpp"

namespace attn::render {

// UTF-8 text of an SVG 1.1 document, as large in inches as the picture of 100 dots an inch. Texts
// name `font`, with which they were measured, and take another one where it is missing. Without
// `paper` nothing is painted behind the figure.
std::string encode_svg(const Figure& figure, const Font& font, bool paper,
                       const PictureFacts& facts = {});

}  // namespace attn::render
