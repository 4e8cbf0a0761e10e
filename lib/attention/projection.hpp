// Projections: token embeddings to queries, keys and values, and contexts back to the model's
// width.
#pragma once

#include "attention/normalisation.hpp"
#include "core/array.hpp"

namespace attn {

// How a matrix [d_in, d_out] lies in memory.
enum class MatrixOrder {
    in_out,  // as written, applied as x @ W: our own files, GPT-2's Conv1D, TransformerLens
    out_in,  // transposed, [d_out, d_in]: nn.Linear
};

// The matrices of one attention layer, applied as X @ W + b. W_O, the norms and all biases may be
// absent (empty arrays). Shapes are those of MatrixOrder::in_out.
template <class T>
struct ProjectionWeights {
    std::size_t heads = 1;
    std::size_t kv_heads = 1;
    MatrixOrder order = MatrixOrder::in_out;  // of all four matrices
    Array<T> W_Q;                             // [d_model, heads * d_head]
    Array<T> W_K;                             // [d_context, kv_heads * d_head]
    Array<T> W_V;                             // [d_context, kv_heads * d_value]
    Array<T> W_O;                             // [heads * d_value, d_model]
    Array<T> b_Q;                             // [heads * d_head]
    Array<T> b_K;                             // [kv_heads * d_head]
    Array<T> b_V;                             // [kv_heads * d_value]
    Array<T> b_O;                             // [d_model]
    Norm<T> q_norm;  // of each query head, over d_head, before positions (Qwen3)
    Norm<T> k_norm;
};

// Columns of the matrix [d_in, d_out], however it lies.
template <class T>
std::size_t output_width(const Array<T>& W, MatrixOrder order) {
    return W.extent(order == MatrixOrder::in_out ? 1 : 0);
}

// x @ W + b for x [batch, tokens, d_in], W [d_in, d_out], b [d_out] or empty -> [batch, tokens,
// d_out]. Spread over threads in blocks that do not depend on their number.
template <class T>
Array<T> project(const Array<T>& x, const Array<T>& W, const Array<T>& b,
                 MatrixOrder order = MatrixOrder::in_out);

// The same matrix in the other order, copied.
template <class T>
Array<T> transposed(const Array<T>& W);

}  // namespace attn
