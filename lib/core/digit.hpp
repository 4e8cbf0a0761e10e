// Digits of numbers in names of files and arrays.
#pragma once

namespace attn {

// One of 0 to 9, whatever the locale.
inline bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace attn
