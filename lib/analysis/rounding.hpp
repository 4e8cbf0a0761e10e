// Numbers as half precision holds them, and the places of a computation where they may be rounded.
#pragma once

namespace attn::analysis {

// Of what was saved it may be text, too, with so many digits behind the point.
enum class Rounding { none, float16, bfloat16, decimals2, decimals3, decimals4, decimals5 };

bool is_half(Rounding rounding);
bool is_decimal(Rounding rounding);

// Where numbers become half precision, in the order of the computation; a set of them is their sum.
using Stages = unsigned;
namespace stage {
constexpr Stages hidden = 1 << 0, inputs = 1 << 1, matrices = 1 << 2, heads = 1 << 3,
                 values = 1 << 4, scaled_queries = 1 << 5, products = 1 << 6, factor = 1 << 7,
                 scores = 1 << 8, exponentials = 1 << 9, weights = 1 << 10, contexts = 1 << 11,
                 output = 1 << 12, projections = 1 << 13, rotation = 1 << 14,
                 scaled_heads = 1 << 15, fused = 1 << 16, norms = 1 << 17;
}  // namespace stage

// "float16", "bfloat16", "4 decimals"; "" for none.
const char* name_of(Rounding rounding);

// The nearest number with 11 (float16) or 8 (bfloat16) significant bits, or with so many decimals;
// of two that are as near the even one.
double round_to(Rounding rounding, double value);

// The distance of neighbours of that type around a number; 0 for none.
double step_of(Rounding rounding, double value);

}  // namespace attn::analysis
