// A layer that several processes compute: its heads are dealt out, and what each found comes
// together before the layer ends, so that every process goes on as if it had computed all.
#pragma once

#include "attention/division.hpp"
#include "attention/mask.hpp"
#include "attention/ranks_sink.hpp"
#include "attention/tile.hpp"

namespace attn {

// Deals out the heads of the layer so that all ranks have as many cells that are not masked (mask
// arrays are not looked at); with `all_heads` also those that are not streamed. Whole where the
// sinks say so, see ranks_sink.hpp.
template <class T>
Division divide_layer(const Mask<T>& mask, const LayerShape& shape, const Sinks<T>& sinks,
                      bool all_heads);

// Tells the sinks that the last tile is through, and hands them the heads that other ranks
// streamed.
template <class T>
void bring_heads_together(const Division& division, const LayerShape& shape, const Sinks<T>& sinks);

// Fills in the contexts [sequences, queries, heads * d_value] of heads of other ranks.
template <class T>
void bring_contexts_together(const Division& division, const LayerShape& shape,
                             std::vector<T>& contexts);

}  // namespace attn
