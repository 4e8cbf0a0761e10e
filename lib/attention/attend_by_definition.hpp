// Attention of a whole layer computed by its definition instead of the engine: for those who would
// rather trust what they can read. Slow, and every thread holds the keys and values of a head
// several times over.
#pragma once

#include "attention/layer.hpp"

namespace attn {

// As attend() of engine.hpp, from heads before anything in `options` was done to them: streams the
// tiles of the share to the sinks and returns the contexts of all heads side by side, [batch,
// queries, heads * d_value]. Throws Error for scores and contexts that are not finite, with their
// place, unless such numbers are let through.
template <class T>
Array<T> attend_by_definition(std::size_t layer, const HeadsView<T>& q, const HeadsView<T>& k,
                              const HeadsView<T>& v, const AttentionOptions<T>& options,
                              const Sinks<T>& sinks, const LayerShare& share);

}  // namespace attn
