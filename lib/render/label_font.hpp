// Which fonts the labels of a picture are written with, and what none of them can write.
#pragma once

#include <string>
#include <vector>

#include "render/font.hpp"

namespace attn::render {

struct LabelFont {
    Font font;
    std::vector<std::string> warnings;  // for people; none when all labels can be written
};

// The fonts of `files` in their order, then the built-in one, then those of `system_files` that
// have a character which all before lack; the latter may be missing or damaged. Throws Error for a
// file of `files` that is no font. `labels`: lists of texts, as axes show them. `shapes`: whether
// the format joins letters and turns them round where their script asks for it; else such scripts,
// and characters above U+FFFF, are warned of: it is PDF.
LabelFont choose_label_font(const std::vector<std::string>& files,
                            const std::vector<std::string>& system_files,
                            const std::vector<std::vector<std::string>>& labels,
                            bool shapes = true);

// Where systems usually keep fonts with many characters.
const std::vector<std::string>& usual_system_fonts();

}  // namespace attn::render
