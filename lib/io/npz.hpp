// Reads NPZ files: ZIP archives of .npy files, as numpy.savez and savez_compressed write them.
#pragma once

#include <string>

#include "io/container.hpp"
#include "io/file_bytes.hpp"

namespace attn::io {

// True when the bytes start like a ZIP archive.
bool is_zip(Span<const std::byte> bytes);

// Adds the arrays in the archive to the container, under the names of its members without ".npy".
// Reads only their headers: a member is unpacked, and its checksum compared, when its array is
// fetched. Other members are passed over; types and ways of packing that are not read go to
// `unreadable`. `path` is what messages call the file. Throws Error for a damaged archive or
// header, a size that disagrees with the header's, a name that stands twice, an archive without
// .npy members and one of PyTorch.
void parse_npz(const FileBytes& file, const std::string& path, Container& container);

}  // namespace attn::io
