// Rotary positions as the plain computation of dense_attention.hpp applies them, with mistakes.
#pragma once

#include "analysis/dense_heads.hpp"

namespace attn::analysis {

// Turns queries and keys (with mistakes also values, where there are any) by their positions.
void rotate_wrongly(const RotaryOptions<double>& rotary, const Mistakes& mistakes,
                    DenseHeads& heads, bool has_values);

}  // namespace attn::analysis
