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

}  // namespace attn
