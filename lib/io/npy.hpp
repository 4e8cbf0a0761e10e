// Reads NPY files, versions 1 to 3 (NumPy's "format" specification), without trusting them.
#pragma once

#include <string>

#include "io/file_bytes.hpp"
#include "io/stored_array.hpp"

namespace attn::io {

// True when the bytes start like an NPY file.
bool is_npy(Span<const std::byte> bytes);

// The array in the bytes; its data stays where it is. `name` is what messages call it. Throws Error
// for a damaged header, a type we do not read, an axis of length zero, and less data than the
// header promises.
StoredArray parse_npy(const FileBytes& file, const std::string& name);

}  // namespace attn::io
