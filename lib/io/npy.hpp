// Reads NPY files.
#pragma once

#include <string>

#include "io/file_bytes.hpp"
#include "io/npy_header.hpp"
#include "io/stored_array.hpp"

namespace attn::io {

// The array in the bytes; its data stays where it is. `name` is what messages call it. Throws Error
// for a damaged header, a type we do not read, and less data than the header promises.
StoredArray parse_npy(const FileBytes& file, const std::string& name);

// An array of the header's type and shape, without bytes.
StoredArray described_by(const NpyHeader& header, const std::string& name);

}  // namespace attn::io
