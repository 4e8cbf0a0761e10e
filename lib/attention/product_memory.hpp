// Memory for the products of OpenBLAS: asked for before it asks, because it asks for ever where
// there is none.
#pragma once

namespace attn {

// Stands around every product. Throws std::bad_alloc where there is no memory for one more at once.
class ProductMemory {
  public:
    ProductMemory();
    ~ProductMemory();
    ProductMemory(const ProductMemory&) = delete;
    ProductMemory& operator=(const ProductMemory&) = delete;
};

}  // namespace attn
