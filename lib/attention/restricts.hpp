// Whether a structure forbids anything at all.
#pragma once

#include "attention/mask.hpp"

namespace attn {

// Offsets alone forbid nothing.
inline bool restricts(const MaskStructure& structure) {
    return structure.causal || structure.window_left || structure.window_right ||
           !structure.key_lengths.empty();
}

}  // namespace attn
