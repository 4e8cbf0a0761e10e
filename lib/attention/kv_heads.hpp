// Which key/value head serves a query head when there are fewer of them. The one place that says
// so.
#pragma once

#include <cassert>
#include <cstddef>

namespace attn {

enum class KvOrder {
    repeat,  // h / (heads / kv_heads): Hugging Face, PyTorch, ONNX
    tile,    // h % kv_heads
};

// `heads` is a multiple of `kv_heads`.
inline std::size_t kv_head_of(std::size_t head, std::size_t heads, std::size_t kv_heads,
                              KvOrder order) {
    assert(head < heads && kv_heads > 0 && heads % kv_heads == 0);
    return order == KvOrder::tile ? head % kv_heads : head / (heads / kv_heads);
}

}  // namespace attn
