// Projections: token embeddings to queries, keys and values, and contexts back to the model's
// width.
#pragma once

#include "core/array.hpp"

namespace attn {

// The matrices of one attention layer, applied as X @ W + b. W_O and all biases may be absent
// (empty arrays).
template <class T>
struct ProjectionWeights {
    std::size_t heads = 1;
    std::size_t kv_heads = 1;
    Array<T> W_Q;  // [d_model, heads * d_head]
    Array<T> W_K;  // [d_context, kv_heads * d_head]
    Array<T> W_V;  // [d_context, kv_heads * d_value]
    Array<T> W_O;  // [heads * d_value, d_model]
    Array<T> b_Q;  // [heads * d_head]
    Array<T> b_K;  // [kv_heads * d_head]
    Array<T> b_V;  // [kv_heads * d_value]
    Array<T> b_O;  // [d_model]
};

// x @ W + b for x [batch, tokens, d_in], W [d_in, d_out], b [d_out] or empty -> [batch, tokens,
// d_out]. Spread over threads in blocks that do not depend on their number.
template <class T>
Array<T> project(const Array<T>& x, const Array<T>& W, const Array<T>& b);

}  // namespace attn
