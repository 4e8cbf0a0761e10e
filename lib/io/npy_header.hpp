// The header of an NPY file (NumPy's "format" specification, versions 1 to 3), read without
// trusting it.
#pragma once

#include <cstddef>
#include <string>

#include "core/dtype.hpp"
#include "core/shape.hpp"
#include "core/span.hpp"

namespace attn::io {

struct NpyHeader {
    std::size_t size = 0;    // of the header: where the data begins
    std::string unreadable;  // why arrays of this type are not read; what follows then says nothing
    DType dtype = DType::float32;
    std::size_t text_size = 0;  // bytes of each text where it holds texts ('<U5', '|S3'), else 0
    bool wide_texts = false;    // four bytes a character
    bool swapped_bytes = false;
    bool column_major = false;
    Shape shape;
    std::size_t data_size = 0;  // bytes of data that the header promises
};

// Bytes from which npy_header_size can tell.
constexpr std::size_t kNpyStart = 12;

// True when the bytes start like an NPY file.
bool is_npy(Span<const std::byte> bytes);

// How many of the bytes are header, from the first kNpyStart of them. `name` is what messages call
// the file. Throws Error when they are not NPY, and for a version or a size that cannot be.
std::size_t npy_header_size(Span<const std::byte> bytes, const std::string& name);

// Refuses bytes behind the data, which NumPy leaves unread: `held` are those behind the header.
// Throws Error with both counts.
void require_no_more(std::size_t held, const NpyHeader& header, const std::string& name);

// Reads the header at the start of the bytes, of which there may be more. Throws Error when it is
// damaged or cut, and for a shape that memory cannot address.
NpyHeader parse_npy_header(Span<const std::byte> bytes, const std::string& name);

}  // namespace attn::io
