// Texts without the difference of capital and small letters.
#pragma once

#include <cctype>
#include <string>

namespace attn {

// Letters of ASCII become small ones.
inline std::string lower_case(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

}  // namespace attn
