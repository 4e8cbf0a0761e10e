// Who may attend: which keys each query may use. A predicate, never a matrix; built once from the
// options and asked for the rows of each tile.
#pragma once

#include <cstddef>

#include "attention/tile.hpp"

namespace attn {

class Mask {
  public:
    // `causal`: key j may serve query i iff j <= i (query 0 stands at key 0, as in PyTorch and
    // ONNX).
    Mask(bool causal, std::size_t keys) : causal_(causal), keys_(keys) {}

    // The keys that the query may attend; may be empty.
    KeyRange allowed(std::size_t query) const;

    // The smallest range that holds the allowed keys of `rows` consecutive queries.
    KeyRange allowed(std::size_t first_query, std::size_t rows) const;

  private:
    bool causal_;
    std::size_t keys_;
};

}  // namespace attn
