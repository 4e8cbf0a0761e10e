#include "attention/packed_heads.hpp"

#include "core/parallel.hpp"

namespace attn {

template <class T>
PackedHeads<T>::PackedHeads(const HeadsView<T>& k, const HeadsView<T>& v)
    : kv_heads_(k.heads),
      keys_(kernels<T>(), k.batch * k.heads, k.width, k.tokens),
      values_(kernels<T>(), k.batch * k.heads, v.tokens, v.width) {
    parallel_for(k.batch * k.heads, [&](std::size_t item) {
        keys_.pack_transposed(item, k.head(item / kv_heads_, item % kv_heads_));
        values_.pack(item, v.head(item / kv_heads_, item % kv_heads_));
    });
}

template class PackedHeads<float>;
template class PackedHeads<double>;

}  // namespace attn
