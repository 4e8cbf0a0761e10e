// Reads NPY files.
#pragma once

#include <string>

#include "io/container.hpp"
#include "io/file_bytes.hpp"
#include "io/npy_header.hpp"
#include "io/stored_array.hpp"

namespace attn::io {

// The array in the bytes; its data stays where it is. `name` is what messages call it. Throws Error
// for a damaged header, a type we do not read, and less data than the header promises.
StoredArray parse_npy(const FileBytes& file, const std::string& name);

// Adds what a file holds under the key: numbers to the arrays, texts to the texts. One that is of a
// type we do not read goes to `unreadable`. Throws Error as parse_npy and parse_npy_texts.
void add_npy(const FileBytes& file, const std::string& name, const std::string& key,
             Container& container);

// An array of the header's type and shape, without bytes.
StoredArray described_by(const NpyHeader& header, const std::string& name);

}  // namespace attn::io
