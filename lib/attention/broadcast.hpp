// An array that stands for a larger one by repeating along axes, as NumPy broadcasts.
#pragma once

#include <string>

#include "core/array.hpp"

namespace attn {

// What the shape of a broadcast array is measured against.
struct AttentionSizes {
    std::size_t batch = 1;
    std::size_t heads = 1;
    std::size_t queries = 0;
    std::size_t keys = 0;
};

// Values for [batch, heads, queries, keys], of which leading axes may be absent and any may have
// length 1. The key axis may be shorter than `keys`: what lies beyond it has no value.
template <class T>
class Broadcast {
  public:
    Broadcast() = default;

    // Throws Error with both shapes when the array does not fit; `name` and `flag` are for the
    // message.
    Broadcast(const Array<T>& values, const AttentionSizes& sizes, const std::string& name,
              const std::string& flag);

    bool empty() const { return values_.empty(); }

    // Keys that have values.
    std::size_t keys() const { return keys_; }

    // Whether any value is -inf, which forbids what it is added to.
    bool forbids() const { return forbids_; }

    // How many values there are, and which of them is that of a key below keys().
    std::size_t size() const { return values_.size(); }
    std::size_t place(std::size_t sequence, std::size_t head, std::size_t query,
                      std::size_t key) const {
        return sequence * batch_stride_ + head * head_stride_ + query * query_stride_ +
               key * key_stride_;
    }
    bool varies_by_query() const { return query_stride_ != 0; }
    bool varies_by_key() const { return key_stride_ != 0; }

    // The value for a key below keys().
    T at(std::size_t sequence, std::size_t head, std::size_t query, std::size_t key) const {
        return values_.data()[place(sequence, head, query, key)];
    }

  private:
    Array<T> values_;
    std::size_t keys_ = 0;
    bool forbids_ = false;
    std::size_t batch_stride_ = 0;
    std::size_t head_stride_ = 0;
    std::size_t query_stride_ = 0;
    std::size_t key_stride_ = 0;
};

}  // namespace attn
