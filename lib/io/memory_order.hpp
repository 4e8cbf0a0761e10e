// Column-major arrays (NumPy's fortran_order) as row-major ones.
#pragma once

#include "core/shape.hpp"

namespace attn::io {

// Copies an array of the shape, whose first axis varies fastest, to `rows`, where the last axis
// does.
template <class T>
void to_row_major(const T* columns, const Shape& shape, T* rows);

}  // namespace attn::io
