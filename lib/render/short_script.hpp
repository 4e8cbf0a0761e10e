// The script of a page in fewer bytes: the same tokens on the same lines, so that a browser's
// debugger still shows the code that was written.
#pragma once

#include <string>
#include <string_view>

namespace attn::render {

// Drops comments, indentation, empty lines, and spaces that separate nothing. Lines are never
// joined, so semicolons go where they went before. Strings, regular expressions and template
// literals stay as they are. Throws Error, with the line, for what it cannot tell apart without
// parsing: a slash behind }, ++, --, of, yield or await; HTML's comments; and what has no end.
std::string short_script(std::string_view script);

// Every line without the spaces that it begins with, for markup and style.
std::string unindented(std::string_view text);

}  // namespace attn::render
