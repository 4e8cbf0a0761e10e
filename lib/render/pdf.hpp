// A figure as PDF: texts can be selected and searched, cells are one embedded picture.
#pragma once

#include <string>

#include "render/figure.hpp"
#include "render/picture_facts.hpp"

namespace attn::render {

// One page, as large in inches as the picture of 100 dots an inch, with the characters of `font`
// that it needs embedded. Characters beyond U+FFFF are drawn as U+FFFD, for the library takes no
// others. Without `paper` nothing is painted behind the figure. Throws Error for fonts that cannot
// be embedded and pictures larger than a page may be. Threads may call it at once.
std::string encode_pdf(const Figure& figure, const Font& font, bool paper,
                       const PictureFacts& facts = {});

}  // namespace attn::render
