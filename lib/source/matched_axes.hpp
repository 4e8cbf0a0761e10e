// The axes of arrays that are compared with attention whose axes are known.
#pragma once

#include <string>

#include "source/array_source.hpp"

namespace attn::source {

// [layers, batch, heads, queries, keys] of attention; axes that it lacks have length 1.
template <class T>
Shape extents_of(const StoredAttention<T>& attention) {
    const Shape& cells = attention.shape();
    return {attention.layers.size(), cells[0], cells[1], cells[2], cells[3]};
}

// The axes, as --axes takes them, under which the arrays have just these extents, or else at least
// as many sequences, queries and keys. Empty where the usual axes do, or where none do.
std::string matched_axes(const StoredParts& parts, const Shape& extents);

// The axes to name for arrays that do not match the extents, as an example.
std::string likely_axes(const StoredParts& parts, const Shape& extents);

}  // namespace attn::source
