// Masks for tests that need only a few of their options.
#pragma once

#include "attention/mask.hpp"

namespace attn::test {

template <class T>
Mask<T> causal_mask(std::size_t keys, bool causal = true) {
    MaskOptions<T> options;
    options.structure.causal = causal;
    return Mask<T>(options, keys);
}

}  // namespace attn::test
