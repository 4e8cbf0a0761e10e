// Numbers as files hold them, of any type, in either byte order and at any address, as the numbers
// that we compute with.
#pragma once

#include <cstddef>

#include "core/dtype.hpp"

namespace attn::io {

// Writes `count` values to `to`; T is float or double. Values that T cannot hold become infinite or
// are rounded to the nearest.
template <class T>
void decode(DType dtype, bool swapped_bytes, const std::byte* from, std::size_t count, T* to);

}  // namespace attn::io
