// Reads safetensors files: the length of a JSON header as a 64-bit number, the header {"name":
// {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}, then the data.
#pragma once

#include <string>

#include "io/container.hpp"
#include "io/file_bytes.hpp"

namespace attn::io {

// True when the bytes start like a safetensors file, be it cut.
bool is_safetensors(Span<const std::byte> bytes);

// Adds the tensors in the bytes to the container; their data stays where it is. Types that we have
// no numbers for (float8, complex) go to `unreadable`, texts under "__metadata__" to the settings.
// `path` is what messages call the file. Throws Error for a file that is cut and for all that the
// format forbids: bad JSON, names that stand twice, sizes that disagree, overlaps and holes.
void parse_safetensors(const FileBytes& file, const std::string& path, Container& container);

}  // namespace attn::io
