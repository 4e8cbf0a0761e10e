// Queries, keys or values of all heads, wherever they lie in memory.
#pragma once

#include "core/array.hpp"

namespace attn {

// [batch, heads, tokens, width], shown in place: the width is contiguous, the other axes have
// strides.
template <class T>
struct HeadsView {
    const T* data = nullptr;
    std::size_t batch = 0;
    std::size_t heads = 0;
    std::size_t tokens = 0;
    std::size_t width = 0;
    std::size_t batch_stride = 0;
    std::size_t head_stride = 0;
    std::size_t token_stride = 0;

    // [tokens, width]
    MatrixView<const T> head(std::size_t sequence, std::size_t head_index) const {
        return {data + sequence * batch_stride + head_index * head_stride, tokens, width,
                token_stride};
    }
};

// The heads inside an array [batch, tokens, heads * width], as projections leave them.
template <class T>
HeadsView<T> packed_heads(const Array<T>& packed, std::size_t heads) {
    assert(packed.rank() == 3 && heads > 0 && packed.extent(2) % heads == 0);
    const std::size_t tokens = packed.extent(1);
    const std::size_t columns = packed.extent(2);
    const std::size_t width = columns / heads;
    return {packed.data(), packed.extent(0), heads, tokens,
            width,         tokens * columns, width, columns};
}

// The heads of an array [batch, heads, tokens, width].
template <class T>
HeadsView<T> separate_heads(const Array<T>& array) {
    assert(array.rank() == 4);
    const std::size_t tokens = array.extent(2);
    const std::size_t width = array.extent(3);
    return {array.data(),    array.extent(0),
            array.extent(1), tokens,
            width,           array.extent(1) * tokens * width,
            tokens * width,  width};
}

// Tokens of `first`, then those of `second`, [batch, heads, tokens of both, width].
template <class T>
Array<T> join_tokens(const HeadsView<T>& first, const HeadsView<T>& second) {
    assert(first.batch == second.batch && first.heads == second.heads &&
           first.width == second.width);
    std::vector<T> values;
    const std::size_t tokens = first.tokens + second.tokens;
    values.reserve(first.batch * first.heads * tokens * first.width);
    for (std::size_t item = 0; item < first.batch * first.heads; ++item) {
        for (const HeadsView<T>* part : {&first, &second}) {
            const MatrixView<const T> matrix = part->head(item / first.heads, item % first.heads);
            for (std::size_t row = 0; row < matrix.rows; ++row) {
                const Span<const T> x = matrix.row(row);
                values.insert(values.end(), x.begin(), x.end());
            }
        }
    }
    return Array<T>({first.batch, first.heads, tokens, first.width}, std::move(values));
}

}  // namespace attn
