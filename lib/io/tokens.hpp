// Token labels from a file.
#pragma once

#include <string>
#include <vector>

namespace attn::io {

// A JSON array of strings, a JSON array of such arrays (one a sequence), or plain text with one
// token a line (only the line end is taken off). One list a sequence. Throws Error for anything
// else and for text that is not UTF-8.
std::vector<std::vector<std::string>> load_tokens(const std::string& path);

}  // namespace attn::io
