// The keys and values of a layer, packed for the kernels: keys transposed, so that a panel holds
// the same dimension of consecutive keys; values as they are, but for those that are not finite.
#pragma once

#include <vector>

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

    // The largest |x| of the keys of a matrix; not finite where any is not.
    T largest_key(std::size_t matrix) const { return largest_keys_[matrix]; }

    // Keys of a matrix whose values are not all finite, in order. Packed they are zeros: zero times
    // such a value is not zero, and a masked key has no part in the context. Who attends one adds
    // what it really is.
    const std::vector<std::size_t>& broken_values(std::size_t matrix) const {
        return broken_values_[matrix];
    }

  private:
    std::size_t kv_heads_;
    Panels<T> keys_;
    Panels<T> values_;
    std::vector<T> largest_keys_;
    std::vector<std::vector<std::size_t>> broken_values_;

    void pack_values(std::size_t matrix, MatrixView<const T> values);
};

}  // namespace attn
