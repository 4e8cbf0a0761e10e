// What approximations can be compared with: finite weights of 0 or more, and finite contexts. Saved
// attention may be anything, and what is computed from NaN is NaN: nothing is far from that, and
// nothing near it, so that every budget would seem to be enough.
#pragma once

#include "attention/tile.hpp"

namespace attn::analysis {

// Throws Error that names layer, head, query and key of the first number that is none of these.
template <class T>
void require_sound_tile(const Tile<T>& tile, const LayerShape& shape);

}  // namespace attn::analysis
