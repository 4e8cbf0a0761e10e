// Exact attention, computed tile by tile on all threads and streamed to sinks. Never holds the
// [queries, keys] matrix of a head.
#pragma once

#include <vector>

#include "attention/heads.hpp"
#include "attention/mask.hpp"
#include "attention/sink.hpp"

namespace attn {

// One layer's attention: weights = softmax(scale * q kᵀ), masked; context = weights v
// (Vaswani et al. 2017, "Attention is all you need", section 3.2).
template <class T>
struct AttentionInputs {
    std::size_t layer = 0;
    HeadsView<T> q;  // [batch, heads, queries, d_head]
    HeadsView<T> k;  // [batch, heads, keys, d_head]
    HeadsView<T> v;  // [batch, heads, keys, d_value]
    T scale = 1;
};

template <class T>
using Sinks = std::vector<Sink<T>*>;

// Streams every tile to the sinks and returns the contexts of all heads side by side,
// [batch, queries, heads * d_value]. A query without any key has weights and context of zero. Same
// bits for any number of threads and any sinks.
template <class T>
Array<T> attend(const AttentionInputs<T>& inputs, const Mask& mask, const Sinks<T>& sinks);

}  // namespace attn
