// A number as errors and warnings show it: the same text on every machine.
#pragma once

#include <string>

namespace attn {

// Six digits, as streams write numbers: "0.333333", "1e+20", "-inf". The sign of a NaN says nothing
// and is left out: "nan".
std::string word_of_number(double value);

}  // namespace attn
