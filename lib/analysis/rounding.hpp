// Numbers as half precision holds them.
#pragma once

namespace attn::analysis {

enum class Rounding { none, float16, bfloat16 };

// "float16", "bfloat16"; "" for none.
const char* name_of(Rounding rounding);

// The nearest number with 11 (float16) or 8 (bfloat16) significant bits.
double round_to(Rounding rounding, double value);

}  // namespace attn::analysis
