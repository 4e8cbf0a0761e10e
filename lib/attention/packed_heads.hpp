// The keys and values of a layer, packed for the kernels: keys transposed, so that a panel holds
// the same dimension of consecutive keys; values as they are.
#pragma once

#include "attention/heads.hpp"
#include "attention/panels.hpp"

namespace attn {

template <class T>
class PackedHeads {
  public:
    // k [batch, kv_heads, keys, d_head], v [batch, kv_heads, keys, d_value]
    PackedHeads(const HeadsView<T>& k, const HeadsView<T>& v);

    const Panels<T>& keys() const { return keys_; }      // [d_head, keys]
    const Panels<T>& values() const { return values_; }  // [keys, d_value]
    std::size_t matrix(std::size_t sequence, std::size_t kv_head) const {
        return sequence * kv_heads_ + kv_head;
    }

  private:
    std::size_t kv_heads_;
    Panels<T> keys_;
    Panels<T> values_;
};

}  // namespace attn
