// Which characters the codes of a PDF's texts are: what readers search and copy by.
#pragma once

#include <string>

namespace attn::render {

// libharu writes the map ToUnicode of a font in operators that are for fonts (begincidrange), which
// readers warn of. Puts beginbfrange into its place (ISO 32000-1, 9.10.3); codes are characters
// already. The stream keeps its length, so that nothing else in the file moves. Files without such
// a map, or with a shorter one, stay as they are.
void mend_text_map(std::string& pdf);

}  // namespace attn::render
