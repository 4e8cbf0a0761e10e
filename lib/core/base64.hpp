// Bytes as text (RFC 4648): four letters for three bytes, padded with =.
#pragma once

#include <string>
#include <string_view>

namespace attn {

std::string base64(std::string_view bytes);

// The same, at the end of `text`.
void append_base64(std::string_view bytes, std::string& text);

}  // namespace attn
