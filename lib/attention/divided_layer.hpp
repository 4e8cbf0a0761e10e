// A layer that several processes compute: its heads, or rows of them, are dealt out, and what each
// found comes together before the layer ends, so that every process goes on as if it had computed
// all.
#pragma once

#include <functional>

#include "attention/division.hpp"
#include "attention/mask.hpp"
#include "attention/ranks_sink.hpp"
#include "attention/tile.hpp"

namespace attn {

// Deals out the heads of the layer so that all ranks have as many cells that are not masked (mask
// arrays are not looked at); with `all_heads` also those that are not streamed. Whole where the
// sinks say so, see ranks_sink.hpp. Where there are more ranks than heads, and the sinks take rows,
// each head is cut into rows for all ranks.
template <class T>
Division divide_layer(const Mask<T>& mask, const LayerShape& shape, const Sinks<T>& sinks,
                      bool all_heads);

// Tells the sinks which heads are streamed here.
template <class T>
void tell_division(const Division& division, const Sinks<T>& sinks);

// What a rank found of each of its heads goes to all others: of those that are streamed,
// save(sequence, head, to) is called for heads of this rank, restore(sequence, head, from) for
// those of others. Nothing is called where the division is whole.
using SaveHead = std::function<void(std::size_t sequence, std::size_t head, ByteWriter& to)>;
using RestoreHead = std::function<void(std::size_t sequence, std::size_t head, ByteReader& from)>;
void exchange_heads(const Division& division, const LayerShape& shape, const SaveHead& save,
                    const RestoreHead& restore);

// Hands rows that others streamed to the sinks of the rank that owns their head, and ends these
// heads. Nothing where no head is cut.
template <class T>
void bring_rows_together(const Division& division, const LayerShape& shape, const Sinks<T>& sinks);

// Tells the sinks that the last tile is through, and hands them the heads that other ranks
// streamed.
template <class T>
void bring_heads_together(const Division& division, const LayerShape& shape, const Sinks<T>& sinks);

}  // namespace attn
