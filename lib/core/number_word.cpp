#include "core/number_word.hpp"

#include <cmath>
#include <cstdio>

namespace attn {

std::string word_of_number(double value) {
    if (std::isnan(value)) return "nan";
    char text[32];
    std::snprintf(text, sizeof text, "%g", value);
    return text;
}

}  // namespace attn
